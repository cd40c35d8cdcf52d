import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { ListTasksOptions } from '../../src/tasks/list.ts'
import { engines } from '../support/engines.ts'

/** More tasks than one statement counts, of every kind that waits; their ids are in no order, but for some at both ends. */
async function fill(memory: Memory): Promise<void> {
  const numbers = memory.url.startsWith('postgres:')
    ? 'select i from generate_series(0, 39999) as numbers (i)'
    : 'with recursive numbers (i) as (select 0 union all select i + 1 from numbers where i < 39999) select i from numbers'
  const time = memory.url.startsWith('postgres:')
    ? "timestamptz '2099-01-01 00:00:00+00'"
    : "'2099-01-01 00:00:00.000'"
  const is = (kind: string, values: Record<string, string>, otherwise: string) =>
    `case ${kind} ${Object.entries(values)
      .map(([when, value]) => `when ${when} then ${value}`)
      .join(' ')} else ${otherwise} end`
  await memory.execute(
    `insert into tasks (id, description, status, queue, lane, priority, open_dependencies, run_at, rank, completed_at)
     select ${is('k', { 0: "'a-' || i", 1: "'z-' || i" }, "'task-' || (100000 + i * 7919 % 40009)")}, 'x',
       ${is('k', { 0: "'completed'", 1: "'completed'", 2: "'failed'", 3: "'running'" }, "'pending'")},
       ${is('k', { 4: "'other'", 5: "'other'" }, "'default'")}, ${is('k', { 4: `'["other"]'`, 5: `'["other","gpu"]'` }, 'null')},
       case when i % 1000 = 9 then 'low' else 'medium' end,
       ${is('k', { 6: '1' }, '0')}, ${is('k', { 7: time }, 'null')}, ${is('k', { 7: 'null', 8: 'null' }, 'i')},
       ${is('k', { 0: time, 1: time, 2: time }, 'null')}
     from (select i, i % 20 as k from (${numbers}) as numbers) as kinds`,
  )
}

describe.each(engines)('$name: where many tasks wait', ({ open }) => {
  it('they are listed and counted as if they were few', async () => {
    const memory = await open({ durability: 'normal' })
    await fill(memory)
    const count = async (where: string) =>
      Number((await memory.query(`select count(*) as count from tasks where ${where}`))[0]?.count)
    expect(await memory.tasks.counts()).toEqual({
      pending: await count(`status = 'pending'`),
      running: 0,
      lapsed: await count(`status = 'running'`),
      completed: await count(`status = 'completed'`),
      failed: await count(`status = 'failed'`),
      cancelled: 0,
      dead: 0,
    })
    const ready = `status = 'pending' and open_dependencies = 0 and rank is not null`
    expect((await memory.tasks.queues()).items).toEqual([
      {
        queue: 'default',
        ready: await count(`${ready} and queue = 'default'`),
        running: 0,
        maxRunning: undefined,
      },
      {
        queue: 'other',
        ready: await count(`${ready} and queue = 'other'`),
        running: 0,
        maxRunning: undefined,
      },
    ])
    const expectPages = async (
      where: string,
      { pages, ...options }: ListTasksOptions & { pages: number },
    ) => {
      const order = options.order ?? 'asc'
      const all = await memory.query(
        `select id from tasks where status = 'pending' and ${where} order by id ${order} limit ${pages * 100}`,
      )
      const listed: string[] = []
      let cursor: string | undefined
      for (let i = 0; i < pages; i++) {
        const page = await memory.tasks.list({ status: 'pending', limit: 100, ...options, cursor })
        listed.push(...page.items.map(task => task.id))
        cursor = page.cursor
      }
      expect(listed).toEqual(all.map(({ id }) => id))
      return cursor
    }
    await expectPages('1 = 1', { pages: 3 })
    await expectPages('1 = 1', { order: 'desc', pages: 3 })
    await expectPages(`queue = 'other'`, { queue: 'other', pages: 2 })
    expect(await expectPages(`priority = 'low'`, { priority: 'low', pages: 1 })).toBeUndefined()
  })
})
