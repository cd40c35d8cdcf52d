import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { GiveUp, TryLater } from '../../src/index.ts'
import type { TaskHandler } from '../../src/tasks/work-options.ts'
import { TestClock } from '../support/clock.ts'
import { comesSoon } from '../support/patience.ts'
import { storyOf } from '../support/tasks.ts'
import { aborted, startWorker, statusOf } from '../support/workers.ts'
import { conform } from './conform.ts'

/** The worker loop. */
conform('task worker', open => {
  it('claims what is there, keeps results, and returns when the queue is empty', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'a', description: 'x', payload: 20 },
      { id: 'b', description: 'x', payload: 22, dependencies: ['a'] },
    ])
    const summary = await memory.tasks.work(task => Number(task.payload) * 2, {
      agentId: 'w',
      untilEmpty: true,
    })
    expect(summary).toEqual({ completed: 2, failed: 0, released: 0, lost: 0 })
    expect(await memory.tasks.get('b')).toMatchObject({ status: 'completed', result: 44, assignedTo: 'w' })
  })

  it('leaves a task as its handler has completed it, in one transaction with what it did', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 'a', description: 'x' })
    const handler: TaskHandler = ({ id, token }) =>
      memory.transaction(async tx => {
        await tx.store('effect', 1)
        await tx.tasks.complete({ id, token, result: 'its own' })
      })
    const summary = await memory.tasks.work(handler, { agentId: 'w', untilEmpty: true })
    expect(summary).toEqual({ completed: 1, failed: 0, released: 0, lost: 0 })
    expect((await memory.tasks.get('a'))?.result).toBe('its own')
    expect((await memory.events.list({ types: ['task.completed'] })).items).toHaveLength(1)
  })

  it('runs as many at once as it may, and no more', async () => {
    const memory = await open()
    await memory.tasks.createMany(Array.from({ length: 30 }, (_, i) => ({ description: `${i}` })))
    let running = 0
    let most = 0
    const handler = async () => {
      most = Math.max(most, ++running)
      await sleep(1)
      running--
    }
    const { completed } = await memory.tasks.work(handler, { agentId: 'w', concurrency: 7, untilEmpty: true })
    expect([completed, most]).toEqual([30, 7])
  })

  it('hears of new tasks, of those that become due, and of those whose workers died', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 'orphan', description: 'x' })
    await memory.tasks.claim({ agentId: 'dead', leaseMs: 200 })
    const seen: string[] = []
    startWorker(memory, task => seen.push(task.id))
    await sleep(50)
    expect(seen).toEqual([])
    await memory.tasks.create({ id: 'new', description: 'x' })
    await memory.tasks.create({ id: 'due', description: 'x', delayMs: 300 })
    await expect.poll(() => seen).toEqual(['new'])
    clock.advance(200)
    await expect.poll(() => seen).toEqual(['new', 'orphan'])
    clock.advance(100)
    await expect.poll(() => seen).toEqual(['new', 'orphan', 'due'])
  })

  it('looks again when a task becomes due, not only now and then', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    let seen = Promise.withResolvers<void>()
    startWorker(memory, () => seen.resolve())
    const isSoon = await comesSoon(async () => {
      seen = Promise.withResolvers()
      await memory.tasks.create({ description: 'x', delayMs: 50 })
      // The worker looks at what there is now.
      await sleep(50)
      clock.advance(50)
      return () => seen.promise
    })
    expect(isSoon).toBe(true)
  })

  it('ends an attempt by an error, the task by GiveUp, and puts it off by TryLater without counting', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'flaky', description: 'x', backoff: { baseMs: 1 } },
      { id: 'hopeless', description: 'x' },
      { id: 'early', description: 'x' },
    ])
    const handler: TaskHandler = async task => {
      if (task.id === 'hopeless') throw new GiveUp('no such file')
      if (task.id === 'flaky' && task.attempt === 1) throw new Error('connection lost')
      if (task.id === 'early' && !(await storyOf(memory, 'early')).includes('task.released by w'))
        throw new TryLater(5)
      return 'fine'
    }
    const { stop } = startWorker(memory, handler)
    for (const id of ['early', 'flaky']) await expect.poll(() => statusOf(memory, id)).toBe('completed')
    await expect.poll(() => statusOf(memory, 'hopeless')).toBe('failed')
    expect(await memory.tasks.get('hopeless')).toMatchObject({
      status: 'failed',
      errors: [{ attempt: 1, agentId: 'w', error: { name: 'GiveUp', message: 'no such file' } }],
    })
    expect(await memory.tasks.get('flaky')).toMatchObject({
      attempts: 2,
      errors: [{ error: { message: 'connection lost' } }],
    })
    expect(await memory.tasks.get('early')).toMatchObject({ attempts: 1, errors: [] })
    expect(await stop()).toEqual({ completed: 2, failed: 2, released: 1, lost: 0 })
  })

  it('takes a result that cannot be kept for an error of the handler, and nothing for no result', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'bad', description: 'x', maxAttempts: 1 },
      { id: 'none', description: 'x' },
    ])
    await memory.tasks.work(task => (task.id === 'bad' ? Number.NaN : undefined), {
      agentId: 'w',
      untilEmpty: true,
    })
    expect(await memory.tasks.get('bad')).toMatchObject({
      status: 'dead',
      errors: [{ error: { name: 'InvalidInput' } }],
    })
    expect(await memory.tasks.get('none')).toMatchObject({ status: 'completed', result: undefined })
  })

  it('takes a TryLater that names no whole number of milliseconds for an error of the handler', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x', maxAttempts: 1 })
    const handler = () => {
      throw new TryLater(1.5)
    }
    expect(await memory.tasks.work(handler, { agentId: 'w', untilEmpty: true })).toMatchObject({ failed: 1 })
    expect(await memory.tasks.get('t')).toMatchObject({ errors: [{ error: { name: 'InvalidInput' } }] })
  })

  it('goes on whatever a handler throws, and keeps what it can of that', async () => {
    const memory = await open({ maxValueBytes: 1_000 })
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const errors = {
      a: 10n,
      b: cycle,
      c: new Error('x'.repeat(2_000_000)),
      d: ['kept'],
      e: Object.create(null),
    }
    await memory.tasks.createMany(Object.keys(errors).map(id => ({ id, description: 'x', maxAttempts: 1 })))
    const handler: TaskHandler = ({ id }) => {
      throw errors[id as keyof typeof errors]
    }
    const work = memory.tasks.work(handler, { agentId: 'w', untilEmpty: true })
    expect(await work).toMatchObject({ failed: 5 })
    const kept = Object.keys(errors).map(async id => (await memory.tasks.get(id))?.errors[0]?.error)
    expect(await Promise.all(kept)).toEqual([
      { name: 'Error', message: '10' },
      { name: 'Error', message: 'an object' },
      { name: 'Error', message: `${'x'.repeat(10_000)}…` },
      ['kept'],
      {},
    ])
  })

  it('lets what runs come to its end when it is stopped, and claims nothing more', async () => {
    const memory = await open()
    await memory.tasks.createMany(['a', 'b'].map(id => ({ id, description: 'x' })))
    const started = Promise.withResolvers<void>()
    const { stop } = startWorker(memory, async () => {
      started.resolve()
      await sleep(100)
      return 'done'
    })
    await started.promise
    expect(await stop()).toEqual({ completed: 1, failed: 0, released: 0, lost: 0 })
    expect(await statusOf(memory, 'b')).toBe('pending')
  })

  it('gives back what does not end in time, and the attempt does not count', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const started = Promise.withResolvers<void>()
    const { stop } = startWorker(
      memory,
      async (_, { signal }) => {
        started.resolve()
        await aborted(signal)
      },
      { drainMs: 20 },
    )
    await started.promise
    expect(await stop()).toEqual({ completed: 0, failed: 0, released: 1, lost: 0 })
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'pending', attempts: 0 })
  })

  it('does not keep at it when ready tasks are not for it', async () => {
    const memory = await open({ slowQueryMs: 0 })
    await memory.tasks.createMany([
      { description: 'x', requires: ['gpu'] },
      { description: 'x', queue: 'other' },
    ])
    const summary = await memory.tasks.work(() => 1, { agentId: 'w', queues: ['default'], untilEmpty: true })
    expect(summary.completed).toBe(0)
    let looks = 0
    memory.on('slow_query', query => {
      if (query.includes('as lapsed')) looks++
    })
    const { stop } = startWorker(memory, () => 1, { queues: ['default'] })
    await expect.poll(() => looks).toBeGreaterThan(0)
    await sleep(200)
    await stop()
    expect(looks).toBeLessThan(10)
  })

  it('ends with the error of the store, once its handlers have ended', async () => {
    const memory = await open()
    await memory.tasks.create({ description: 'x' })
    const { ended } = startWorker(memory, async () => {
      await memory.close()
      return 1
    })
    await expect(ended).rejects.toMatchObject({ code: 'closed' })
  })

  it('refuses bad options before it does anything', async () => {
    const memory = await open()
    const refused = (options: object) =>
      expect(memory.tasks.work(() => 1, { agentId: 'w', ...options })).rejects.toMatchObject({
        code: 'invalid_input',
      })
    await refused({ concurrency: 0 })
    await refused({ drainMs: -1 })
    await refused({ drainMs: 2 ** 31 })
    await refused({ signal: 'now' })
    await refused({ agentId: undefined })
  })
})
