import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { TaskHandler } from '../../src/tasks/work-options.ts'
import { aborted, startWorker, statusOf } from '../support/workers.ts'
import { conform } from './conform.ts'

/** So long that a worker keeps its lease though the machine stands still for three seconds; renewed every two. */
const leaseMs = 6_000

/** Tells how often the only task's lease was given anew since. */
function countRenewals(memory: Memory): () => Promise<number> {
  let renewals = -1
  let last: unknown
  return async () => {
    const [row] = await memory.query('select lease_until from tasks')
    if (row?.lease_until !== last) renewals++
    last = row?.lease_until
    return renewals
  }
}

/** What a worker does of the leases it holds. */
conform('task worker leases', open => {
  it('renews its leases for as long as the work takes, and notes progress', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const thief = memory.as('thief')
    let stolen = 0
    const handler: TaskHandler = async (_, { progress }) => {
      await progress({ percent: 50 })
      const renewals = countRenewals(memory)
      while ((await renewals()) < 2 && stolen === 0) {
        await sleep(50)
        stolen += (await thief.tasks.claim()).length
      }
      return 'done'
    }
    const { completed } = await memory.tasks.work(handler, { agentId: 'w', leaseMs, untilEmpty: true })
    expect([completed, stolen]).toEqual([1, 0])
    expect(await memory.tasks.get('t')).toMatchObject({
      attempts: 1,
      progress: { percent: 50 },
      result: 'done',
    })
  })

  it('tells the handler of a cancelled task to stop, long before the next heartbeat', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    let reason: unknown
    const { stop } = startWorker(memory, async (_, { signal }) => {
      await memory.tasks.cancel('t')
      await aborted(signal).catch(error => {
        reason = error
        throw error
      })
    })
    await expect.poll(() => reason).toMatchObject({ code: 'stale_token', details: { status: 'cancelled' } })
    expect(await stop()).toEqual({ completed: 0, failed: 0, released: 0, lost: 1 })
    expect(await statusOf(memory, 't')).toBe('cancelled')
  })

  it('gives up a task whose lease it cannot renew before anybody else can have it', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const stuck = Promise.withResolvers<void>()
    let heldAtAbort: boolean | undefined
    const { stop, ended } = startWorker(
      memory,
      async (_, { signal }) => {
        // While this transaction holds the task no heartbeat gets through.
        const blocking = memory.transaction(async tx => {
          await tx.execute("update tasks set description = 'held' where id = 't'")
          await stuck.promise
        })
        await aborted(signal).catch(() => {})
        // A read needs no turn: who has the task at this moment?
        const [row] = await memory.query("select status, assigned_to from tasks where id = 't'")
        heldAtAbort = row?.status === 'running' && row.assigned_to === 'w'
        // Before it can claim the task again.
        void stop()
        stuck.resolve()
        await blocking
        throw signal.reason
      },
      { leaseMs: 4_000 },
    )
    await expect.poll(() => heldAtAbort).toBe(true)
    expect((await ended).lost).toBe(1)
  })

  it('a result that comes after the task was lost changes nothing', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const { stop } = startWorker(memory, async (_, { signal }) => {
      await memory.tasks.cancel('t')
      await aborted(signal).catch(() => {})
      return 'too late'
    })
    await expect.poll(() => statusOf(memory, 't')).toBe('cancelled')
    expect(await stop()).toEqual({ completed: 0, failed: 0, released: 0, lost: 1 })
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'cancelled', result: undefined })
  })

  it('tells the claims of one task apart when it claims a lost one again', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const ending = Promise.withResolvers<void>()
    const reasons: unknown[] = []
    const handler: TaskHandler = async ({ token }, { signal }) => {
      signal.addEventListener('abort', () => reasons.push([token, signal.reason.code]))
      if (token === 1) {
        await memory.tasks.cancel('t')
        await memory.tasks.redrive('t')
      } else setTimeout(ending.resolve, 50)
      // Both end in one turn.
      await ending.promise
      return token
    }
    const { stop } = startWorker(memory, handler, { concurrency: 2 })
    await expect.poll(() => statusOf(memory, 't')).toBe('completed')
    expect(await stop()).toEqual({ completed: 1, failed: 0, released: 0, lost: 1 })
    expect((await memory.tasks.get('t'))?.result).toBe(2)
    expect(reasons).toEqual([[1, 'stale_token']])
  })

  it('keeps the lease of a task claimed again, when the work of the first claim ends', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    let runs = 0
    const first = Promise.withResolvers<void>()
    const handler: TaskHandler = async ({ token }, { signal }) => {
      runs++
      if (token > 1) {
        await first.promise
        const renewals = countRenewals(memory)
        while ((await renewals()) < 2) {
          signal.throwIfAborted()
          await sleep(50)
        }
        return
      }
      await memory.tasks.cancel('t')
      await memory.tasks.redrive('t')
      await expect.poll(() => runs).toBe(2)
      first.resolve()
    }
    const { stop } = startWorker(memory, handler, { concurrency: 2, leaseMs })
    await expect.poll(() => statusOf(memory, 't')).toBe('completed')
    expect((await stop()).completed).toBe(1)
    expect([runs, (await memory.tasks.get('t'))?.attempts]).toEqual([2, 1])
  })
})
