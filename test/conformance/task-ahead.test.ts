import { expect, it, onTestFinished } from 'vitest'
import type { TaskHandler } from '../../src/tasks/work-options.ts'
import { WorkerLeases } from '../../src/tasks/worker-leases.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

/** What a worker claims before it can begin it, and when it thinks that nothing is left. */
conform('task ahead', open => {
  it('leaves to others what it has claimed ahead, when what it runs takes long', async () => {
    const memory = await open()
    const ids = Array.from({ length: 40 }, (_, i) => `t${String(i).padStart(2, '0')}`)
    await memory.tasks.createMany(ids.map(id => ({ id, description: 'x' })))
    const other = async () => {
      const { tasks } = memory.as('other')
      for (const task of await tasks.claim({ limit: 100 })) await tasks.complete(task)
    }
    let begun = 0
    const handler: TaskHandler = async () => {
      if (++begun !== 21) return
      await expect
        .poll(async () => {
          await other()
          return (await memory.tasks.counts()).completed
        })
        .toBe(39)
    }
    const { completed } = await memory.tasks.work(handler, { agentId: 'w', untilEmpty: true })
    expect(completed).toBe(21)
    const { items } = await memory.tasks.list({ assignedTo: 'other' })
    expect(items).toHaveLength(19)
    for (const task of items) expect(task).toMatchObject({ status: 'completed', attempts: 1 })
  })

  it('keeps the leases of more tasks than one heartbeat takes', async () => {
    const memory = await open({ durability: 'normal' })
    await memory.tasks.createMany(
      Array.from({ length: 1_100 }, (_, i) => ({ id: `t${i}`, description: 'x' })),
    )
    // So long that they last though the machine stands still for three seconds.
    const leaseMs = 6_000
    const claimedAt = performance.now()
    const claim = () => memory.tasks.claim({ agentId: 'w', limit: 1_000, leaseMs })
    const claimed = [...(await claim()), ...(await claim())]
    expect(claimed).toHaveLength(1_100)
    const [row] = await memory.query('select max(lease_until) as until from tasks')
    const first = `select count(*) as n from tasks where lease_until <= ${row?.until}`
    // What a worker keeps its leases with: all of its slots and what it has claimed ahead are seldom in hand together.
    const leases = new WorkerLeases(memory.tasks, leaseMs)
    onTestFinished(() => leases.stop())
    const signals = claimed.map(task => leases.hold(task, claimedAt))
    await expect.poll(() => memory.query(first)).toEqual([{ n: 0 }])
    expect(signals.filter(signal => signal.aborted)).toEqual([])
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

  it('lets no task die of a neighbour that kills one worker after the other', async () => {
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
})
