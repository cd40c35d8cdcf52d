import { describe, expect, it } from 'vitest'
import { PostgresStore } from '../../src/db/postgres/postgres-store.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import { keepTallies } from '../../src/db/tallies.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { engines } from '../support/engines.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

/** What is counted anew must be what the store says. */
async function expectRight(memory: Memory): Promise<void> {
  const rows = (sql: string) => memory.query(sql)
  const now = memory.url.startsWith('postgres:')
    ? "timestamptz '2026-01-02 03:04:05.678+00'"
    : "'2026-01-02 03:04:05.678'"
  const namespaces = await rows(
    `select namespace, count(*) as count from memory_store where expires_at is null or expires_at > ${now}
     group by namespace order by namespace`,
  )
  expect((await memory.kv.namespaces()).items).toEqual(namespaces.map(row => ({ ...row })))
  const statuses = await rows('select status, count(*) as count from tasks group by status')
  const counts = await memory.tasks.counts()
  expect(
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .sort(),
  ).toEqual(statuses.map(({ status, count }) => [status, count]).sort())
  const types = await rows('select type, count(*) as count from events group by type')
  for (const { type, count } of types)
    expect([type, await memory.events.count({ types: [String(type)] })]).toEqual([type, count])
  const all = types.reduce((sum, { count }) => sum + Number(count), 0)
  expect(await memory.events.count()).toBe(all)
  expect(await memory.events.count({ types: ['*'] })).toBe(all)
  const { tables } = await memory.getStats()
  expect(tables.find(({ name }) => name === 'events')?.rows).toBe(all)
}

/** What upkeep does now and then. */
async function keepCounts({ url }: Memory, clock: TestClock): Promise<void> {
  if (url.startsWith('postgres:')) {
    const store = await PostgresStore.open(url)
    await keepTallies(store.db(clock))
    return store.close()
  }
  const { store, release } = await openSqlite(url, {})
  await keepTallies(store.db(clock))
  await release()
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

/** Writes of every kind, some of them by SQL of others; `at` tells one time from another. */
async function write(memory: Memory, at: number): Promise<void> {
  await memory.kv.storeMany(
    numbers(at, 510).map(i => ({ key: `key-${i}`, value: i, namespace: `space-${i % 3}` })),
  )
  await memory.kv.storeMany(
    numbers(at, 20).map(i => ({ key: `short-${i}`, value: i, namespace: 'space-1', ttl: 0.001 })),
  )
  await memory.kv.delete(`key-${at}`, { namespace: `space-${at % 3}` })
  await memory.store(`key-${at + 1}`, 'again', { namespace: `space-${(at + 1) % 3}` })
  await memory.execute(`update memory_store set namespace = 'moved' where key = 'key-${at + 5}'`)
  await memory.execute(`delete from memory_store where key = 'key-${at + 7}'`)
  await memory.tasks.createMany(numbers(at, 510).map(i => ({ id: `task-${i}`, description: 'x' })))
  const [done, failed, cancelled] = await memory.tasks.claim({ agentId: 'w', limit: 3, leaseMs: 86_400_000 })
  await memory.tasks.complete(done!)
  await memory.tasks.fail({ ...failed!, error: 'x', retry: false })
  await memory.tasks.cancel(cancelled!.id)
  await memory.tasks.redrive(cancelled!.id)
  await memory.execute(`update tasks set status = 'dead' where id = 'task-${at + 300}'`)
  await memory.execute(
    `delete from tasks where id in ('task-${at + 509}', 'task-${at + 508}', 'task-${at + 301}')`,
  )
  await memory.events.logMany(numbers(at, 510).map(i => ({ type: `type-${i % 3}` })))
  await memory.execute(`update events set type = 'other' where id % 50 = 7`)
  await memory.execute(`delete from events where id % 50 = 8`)
}

describe.each(engines)('$name: counts that are kept', ({ name, open }) => {
  it('are right whatever is written before, between and after they are brought up to date', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    await expectRight(memory)
    for (const at of [0, 1_000, 2_000]) {
      await write(memory, at)
      await expectRight(memory)
      await keepCounts(memory, clock)
    }
    await expectRight(memory)
    const [kept] = await memory.query(
      `select sum(amount) as kept from hivewax_tallies where source = 'events'`,
    )
    expect(Number(kept?.kept)).toBeGreaterThan(1_000)
    await memory.cleanup()
    // Of tasks it may give the rows new numbers.
    await memory.vacuum()
    await memory.events.prune({ keep: 100 })
    await expectRight(memory)
    await memory.clearNamespace('space-1')
    await memory.events.prune({ keep: 0 })
    await memory.execute('delete from tasks')
    await write(memory, 5_000)
    await expectRight(memory)
  })

  it('know of events that SQL of others inserts behind what was counted', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    await write(memory, 0)
    await write(memory, 1_000)
    await keepCounts(memory, clock)
    await memory.execute(
      `insert into events (id, type, source, timestamp) values (8, 'late', 'other', '2020-01-01')`,
    )
    await expectRight(memory)
    const from = new Date('2019-01-01')
    const to = new Date('2020-06-01')
    expect((await memory.events.list({ from, to })).items).toMatchObject([{ id: 8, type: 'late' }])
    expect((await memory.events.list({ from, to, order: 'desc' })).items).toMatchObject([{ id: 8 }])
  })

  it('go with a backup and a restore', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    const writeTwice = async (at: number) => {
      await write(memory, at)
      await write(memory, at + 600)
      await keepCounts(memory, clock)
    }
    await writeTwice(0)
    const file = scratchFile('copy.db')
    await memory.backup(file)
    await writeTwice(2_000)
    await memory.restore(file)
    await expectRight(memory)
    await writeTwice(4_000)
    await expectRight(memory)
    const other = await openScratch({ clock: new TestClock() })
    await other.restore(file)
    await expectRight(other)
  })

  it.runIf(name === 'sqlite')('are mended where SQL of others has changed rows unheard', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    await write(memory, 0)
    await write(memory, 1_000)
    await keepCounts(memory, clock)
    await memory.execute(`delete from memory_store where id = 2`)
    await memory.execute(
      `insert into memory_store (id, key, namespace, value) values (2, 'late', 'late', '1')`,
    )
    await memory.execute(
      `insert or replace into memory_store (key, namespace, value) values ('key-3', 'space-0', '1'), ('key-6', 'space-0', '1')`,
    )
    await memory.optimize()
    await expectRight(memory)
  })
})
