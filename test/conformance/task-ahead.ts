import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { TaskHandler } from '../../src/tasks/work.ts'
import { TestClock } from '../support/clock.ts'
import type { Suite } from './suite.ts'

/** What a worker claims before it can begin it, and when it thinks that nothing is left. */
export const taskAhead: Suite = open => {
  it('leaves to others what it has claimed ahead, when what it runs takes long', async () => {
    const memory = await open()
    const ids = Array.from({ length: 40 }, (_, i) => `t${String(i).padStart(2, '0')}`)
    await memory.tasks.createMany(ids.map(id => ({ id, description: 'x' })))
    const other = async () => {
      const { tasks } = memory.as('other')
      for (const task of await tasks.claim({ limit: 100 })) await tasks.complete(task)
    }
    const handler: TaskHandler = async ({ id }) => {
      if (id !== 't20') return
      await expect
        .poll(async () => {
          await other()
          return (await memory.tasks.get('t39'))?.status
        })
        .toBe('completed')
    }
    const { completed } = await memory.tasks.work(handler, { agentId: 'w', untilEmpty: true })
    expect(completed).toBe(21)
    expect(await memory.tasks.get('t39')).toMatchObject({ assignedTo: 'other', attempts: 1 })
  })

  it('keeps the leases of more tasks than one heartbeat takes (T4)', async () => {
    const memory = await open({ durability: 'normal' })
    await memory.tasks.createMany(
      Array.from({ length: 2_200 }, (_, i) => ({ id: `t${i}`, description: 'x' })),
    )
    const running = new Set<string>()
    const handler: TaskHandler = async ({ id }, { signal }) => {
      if (running.size < 1_000) running.add(id)
      // The short ones let more be claimed ahead, so that more than 1,000 are in hand.
      await sleep(running.has(id) && id !== 't0' ? 50 : 4_500, undefined, { signal })
    }
    const summary = await memory.tasks.work(handler, {
      agentId: 'w',
      concurrency: 1_000,
      leaseMs: 4_000,
      untilEmpty: true,
    })
    expect(summary).toEqual({ completed: 2_200, failed: 0, released: 0, lost: 0 })
  })

  it('looks again before it ends, when a claim only brought the queue up to date', async () => {
    const memory = await open()
    for (let i = 0; i < 120; i++)
      await memory.execute(
        `insert into tasks (id, description, dependencies) values ('r${i}', 'x', '["none"]')`,
      )
    await memory.execute("insert into tasks (id, description) values ('good', 'x')")
    const { completed } = await memory.tasks.work(() => 1, { agentId: 'w', untilEmpty: true })
    expect(completed).toBe(1)
  })

  it('lets no task die of a neighbour that kills one worker after the other (T6)', async () => {
    const memory = await open({ clock: new TestClock() })
    await memory.tasks.createMany(Array.from({ length: 60 }, (_, i) => ({ id: `t${i}`, description: 'x' })))
    // A worker that died in t20, once: what it had claimed ahead has lost an attempt.
    await memory.tasks.completeMany(await memory.tasks.claim({ agentId: 'dead', limit: 20 }))
    const lost = await memory.tasks.claim({ agentId: 'dead', limit: 40 })
    for (const task of lost) await memory.tasks.fail({ ...task, error: 'the worker was killed' })
    for (const task of lost)
      await memory.execute(`update tasks set run_at = null, rank = 1 where id = '${task.id}'`)
    const begun = new Set<string>()
    const waiting: string[] = []
    await memory.tasks.work(
      async ({ id }) => {
        begun.add(id)
        // The task before may be on its way to be completed.
        const { items } = await memory.tasks.list({ status: 'running' })
        waiting.push(...items.map(task => task.id).filter(id => !begun.has(id)))
      },
      { agentId: 'w', untilEmpty: true },
    )
    expect(waiting).toEqual([])
    expect((await memory.tasks.counts()).completed).toBe(60)
  })
}
