import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { ClaimedTask } from '../../src/tasks/task.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const leaseMs = 100

async function claimOne(memory: Memory, agentId = 'coder'): Promise<ClaimedTask> {
  const [task] = await memory.tasks.claim({ agentId, leaseMs, queues: ['default'] })
  if (task === undefined) throw new Error('there was nothing to claim')
  return task
}

/** Any claim brings the queue up to date; this one gets nothing. */
const upkeep = (memory: Memory) => memory.tasks.claim({ agentId: 'other', queues: ['elsewhere'] })

conform('task lapses', open => {
  it('shows a task whose lease has lapsed as lapsed to every reader, from that moment on', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x', idempotencyKey: 'k' })
    await claimOne(memory)
    const seen = async () => ({
      get: (await memory.tasks.get('t'))?.status,
      running: (await memory.tasks.list({ status: 'running' })).items.map(({ status }) => status),
      lapsed: (await memory.tasks.list({ status: 'lapsed' })).items.map(({ status }) => status),
      all: (await memory.tasks.list()).items.map(({ status }) => status),
      counts: await memory.tasks.counts(),
      graph: (await memory.tasks.graph()).nodes.map(({ status }) => status),
      queues: (await memory.tasks.queues()).items.map(({ running }) => running),
      again: (await memory.tasks.create({ id: 't', description: 'x', idempotencyKey: 'k' })).status,
    })
    clock.advance(99)
    expect(await seen()).toMatchObject({
      get: 'running',
      running: ['running'],
      lapsed: [],
      all: ['running'],
      counts: { running: 1, lapsed: 0 },
      graph: ['running'],
      queues: [1],
      again: 'running',
    })
    clock.advance(1)
    expect(await seen()).toMatchObject({
      get: 'lapsed',
      running: [],
      lapsed: ['lapsed'],
      all: ['lapsed'],
      counts: { running: 0, lapsed: 1, completed: 0 },
      graph: ['lapsed'],
      queues: [],
      again: 'lapsed',
    })
    expect(await memory.tasks.delete('t')).toBe(true)
  })

  it('lets a late holder complete a task that waits for the next claim', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany([
      { id: 't', description: 'x' },
      { id: 'next', description: 'x', dependencies: ['t'] },
    ])
    const claimed = await claimOne(memory)
    clock.advance(leaseMs)
    expect(await upkeep(memory)).toEqual([])
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'pending', assignedTo: undefined })
    expect(await memory.tasks.complete({ ...claimed, result: 'late' })).toMatchObject({ status: 'completed' })
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'completed', result: 'late', attempts: 1 })
    expect((await memory.events.latest())?.source).toBe('coder')
    expect(await claimOne(memory)).toMatchObject({ id: 'next' })
  })

  it('lets a late holder complete a task that died of lapses, and what failed with it goes on', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany([
      { id: 't', description: 'x', maxAttempts: 1 },
      { id: 'next', description: 'x', dependencies: ['t'] },
    ])
    const claimed = await claimOne(memory)
    clock.advance(leaseMs)
    expect(await upkeep(memory)).toEqual([])
    expect(await memory.tasks.get('t')).toMatchObject({
      status: 'dead',
      errors: [{ agentId: 'coder', error: { message: expect.stringContaining('lapsed') } }],
    })
    expect(await memory.tasks.get('next')).toMatchObject({ status: 'failed', causedBy: 't' })
    expect(await memory.tasks.completeMany([claimed])).toEqual({ held: ['t'], stale: [] })
    expect(await memory.tasks.get('t')).toMatchObject({
      status: 'completed',
      attempts: 1,
      assignedTo: 'coder',
    })
    expect(await claimOne(memory)).toMatchObject({ id: 'next' })
    await expect(memory.tasks.complete(claimed)).rejects.toMatchObject({ code: 'stale_token' })
  })

  it('refuses a late holder once somebody else has had the task, or it has ended the claim itself', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const stale = { code: 'stale_token' }
    await memory.tasks.create({ id: 't', description: 'x', backoff: { baseMs: 0 }, maxAttempts: 9 })
    const late = await claimOne(memory)
    clock.advance(leaseMs)
    const next = await claimOne(memory, 'other')
    await expect(memory.tasks.complete(late)).rejects.toMatchObject(stale)
    await memory.tasks.release(next)
    await expect(memory.tasks.complete(next)).rejects.toMatchObject(stale)
    const failed = await claimOne(memory)
    await memory.tasks.fail({ ...failed, error: 'x' })
    await expect(memory.tasks.complete(failed)).rejects.toMatchObject(stale)
    const again = await claimOne(memory)
    clock.advance(leaseMs)
    await upkeep(memory)
    await memory.tasks.cancel('t')
    await expect(memory.tasks.complete(again)).rejects.toMatchObject(stale)
    await memory.tasks.redrive('t')
    await expect(memory.tasks.complete(again)).rejects.toMatchObject(stale)
  })

  it('refuses a late holder of a dead task once that was redriven', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x', maxAttempts: 1 })
    const late = await claimOne(memory)
    clock.advance(leaseMs)
    await upkeep(memory)
    expect(await memory.tasks.redrive('t')).toEqual(['t'])
    await expect(memory.tasks.complete(late)).rejects.toMatchObject({ code: 'stale_token' })
  })
})
