import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { claimOne } from '../support/tasks.ts'
import { conform } from './conform.ts'

const claimed = async (memory: Memory, options: Parameters<Memory['tasks']['claim']>[0]) =>
  (await memory.tasks.claim({ agentId: 'w', limit: 100, ...options })).map(task => task.id)

/** Queues: claims limited to some of them, and limits of what runs at once. */
conform('task lanes', open => {
  it('claims from the queues that it is asked for, and by default from all', async () => {
    const { tasks, ...rest } = await open()
    const memory = { tasks, ...rest } as Memory
    await tasks.createMany([
      { id: 'a', description: 'x', queue: 'build' },
      { id: 'b', description: 'x' },
      { id: 'c', description: 'x', queue: 'build', requires: ['gpu'] },
      { id: 'd', description: 'x', queue: 'deploy' },
      { id: 'e', description: 'x', requires: ['gpu'] },
    ])
    expect(await claimed(memory, { queues: ['build'] })).toEqual(['a'])
    expect(await claimed(memory, { queues: ['build'], capabilities: ['gpu'] })).toEqual(['c'])
    expect(await claimed(memory, { queues: ['nowhere'] })).toEqual([])
    expect(await claimed(memory, { queues: ['default'] })).toEqual(['b'])
    expect(await claimed(memory, { capabilities: ['gpu', 'other'] })).toEqual(['d', 'e'])
  })

  it('keeps the order of all queues together', async () => {
    const memory = await open()
    for (const [i, queue] of ['a', 'b', 'default', 'a', 'b'].entries())
      await memory.tasks.create({ id: `${i}`, description: 'x', queue })
    await memory.tasks.create({ id: 'urgent', description: 'x', queue: 'b', priority: 'high' })
    expect(await claimed(memory, { limit: 4 })).toEqual(['urgent', '0', '1', '2'])
  })

  it('never runs more of a queue than its limit, whoever claims', async () => {
    const memory = await open()
    await memory.tasks.setLimit('deploy', 2)
    await memory.tasks.createMany([
      ...Array.from({ length: 5 }, (_, i) => ({ id: `d${i}`, description: 'x', queue: 'deploy' })),
      { id: 'other', description: 'x' },
      { id: 'special', description: 'x', queue: 'deploy', requires: ['ssh'] },
    ])
    const first = await memory.tasks.claim({ agentId: 'a', limit: 100, capabilities: ['ssh'] })
    expect(first.map(task => task.id)).toEqual(['d0', 'd1', 'other'])
    expect(await claimed(memory, { agentId: 'b' })).toEqual([])
    await memory.tasks.complete(first[0]!)
    expect(await claimed(memory, { agentId: 'b' })).toEqual(['d2'])
    await memory.tasks.release(first[1]!)
    expect(await claimed(memory, { agentId: 'b' })).toEqual(['d1'])
  })

  it('gives the room of a lapsed lease to others, and of a limit that is raised or lifted', async () => {
    const memory = await open()
    await memory.tasks.setLimit('q', 1)
    await memory.tasks.createMany(['a', 'b', 'c'].map(id => ({ id, description: 'x', queue: 'q' })))
    await claimOne(memory, { leaseMs: 1 })
    await expect.poll(() => claimed(memory, {})).toEqual(['a'])
    expect(await claimed(memory, {})).toEqual([])
    await memory.tasks.setLimit('q', 2)
    expect(await claimed(memory, {})).toEqual(['b'])
    await memory.tasks.setLimit('q', undefined)
    expect(await claimed(memory, {})).toEqual(['c'])
  })

  it('lets a queue rest with a limit of 0, the default one too', async () => {
    const memory = await open()
    await memory.tasks.setLimit('default', 0)
    await memory.tasks.createMany([
      { id: 'a', description: 'x' },
      { id: 'b', description: 'x', queue: 'q' },
    ])
    expect(await claimed(memory, {})).toEqual(['b'])
    expect((await memory.tasks.queues()).items).toEqual([
      { queue: 'default', ready: 1, running: 0, maxRunning: 0 },
      { queue: 'q', ready: 0, running: 1, maxRunning: undefined },
    ])
  })

  it('lists queues in pages, and refuses nonsense', async () => {
    const memory = await open()
    for (const queue of ['c', 'a', 'b']) await memory.tasks.create({ description: 'x', queue })
    const page = await memory.tasks.queues({ limit: 2 })
    expect(page.items.map(({ queue }) => queue)).toEqual(['a', 'b'])
    const next = await memory.tasks.queues({ limit: 2, cursor: page.cursor })
    expect(next.items.map(({ queue }) => queue)).toEqual(['c'])
    await expect(memory.tasks.setLimit('', 1)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(memory.tasks.setLimit('q', -1)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(memory.tasks.create({ description: 'x', queue: '' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('prunes what ended long ago, and nothing else', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany([
      ...['a', 'b', 'c', 'd'].map(id => ({ id, description: 'x' })),
      { id: 'child', description: 'x', dependencies: ['a', 'b'] },
    ])
    const [a, b, c] = await memory.tasks.claim({ agentId: 'w', limit: 3, leaseMs: 86_400_000 })
    await memory.tasks.complete(a!)
    clock.advance(1_000)
    await memory.tasks.fail({ ...c!, error: 'no', retry: false })
    clock.advance(1_000)
    expect(await memory.tasks.prune({ olderThan: 1_500 })).toBe(1)
    expect((await memory.tasks.list()).items.map(task => task.id)).toEqual(['b', 'c', 'child', 'd'])
    expect(await memory.tasks.prune({ olderThan: '0.5s' })).toBe(1)
    await memory.tasks.complete(b!)
    expect(await memory.tasks.get('child')).toMatchObject({ status: 'pending' })
    expect((await memory.tasks.claim({ agentId: 'w', limit: 9 })).map(task => task.id)).toEqual([
      'd',
      'child',
    ])
    await expect(memory.tasks.prune({ olderThan: 'long ago' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('claims from hundreds of lanes in order', async () => {
    const memory = await open({ durability: 'normal' })
    const ids = Array.from({ length: 250 }, (_, i) => `t${i}`)
    await memory.tasks.createMany(ids.map((id, i) => ({ id, description: 'x', queue: `queue ${i % 230}` })))
    await memory.tasks.setLimit('queue 5', 1)
    // The second task of queue 5 has to wait for the first.
    expect(await claimed(memory, { limit: 1_000 })).toEqual(ids.filter(id => id !== 't235'))
  })

  it('lists tasks by queue, and by each status in pages either way', async () => {
    const memory = await open()
    const ids = Array.from({ length: 9 }, (_, i) => `t${i}`)
    await memory.tasks.createMany([
      ...ids.map(id => ({ id, description: 'x', queue: 'q' })),
      { id: 'later', description: 'x', delayMs: 60_000 },
      { id: 'waits', description: 'x', dependencies: ['t8'] },
    ])
    const list = async (options: Parameters<Memory['tasks']['list']>[0]) => {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await memory.tasks.list({ ...options, limit: 2, cursor })
        found.push(...page.items.map(task => task.id))
        cursor = page.cursor
      } while (cursor !== undefined)
      return found
    }
    expect(await list({ status: 'pending' })).toEqual(['later', ...ids, 'waits'])
    expect(await list({ status: 'pending', order: 'desc', queue: 'q' })).toEqual(ids.toReversed())
    const running = await memory.tasks.claim({ agentId: 'w', limit: 6 })
    await memory.tasks.completeMany(running.slice(0, 3))
    await memory.tasks.fail({ ...running[3]!, error: 'no', retry: false })
    expect(await list({ status: 'running' })).toEqual(['t4', 't5'])
    expect(await list({ status: 'completed', order: 'desc' })).toEqual(['t2', 't1', 't0'])
    expect(await list({ status: 'failed' })).toEqual(['t3'])
    expect(await list({ assignedTo: 'w', queue: 'q' })).toEqual(['t0', 't1', 't2', 't3', 't4', 't5'])
    expect(await memory.tasks.counts()).toEqual({
      pending: 5,
      running: 2,
      lapsed: 0,
      completed: 3,
      failed: 1,
      cancelled: 0,
      dead: 0,
    })
  })
})
