import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

const dayMs = 86_400_000

/** Tasks as records: their states, lists and counts. */
conform('tasks', open => {
  it('takes a task from pending over running to completed, with its result', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x', payload: { file: 'a.ts' } })
    const claimed = await claimOne(memory, { agentId: 'a', leaseMs: 5_000 })
    expect(claimed).toMatchObject({
      id: 't',
      status: 'running',
      assignedTo: 'a',
      payload: { file: 'a.ts' },
      token: 1,
      attempt: 1,
      leaseMs: 5_000,
    })
    expect(await memory.tasks.claim({ agentId: 'b' })).toEqual([])
    clock.advance(10)
    expect(await memory.tasks.complete({ ...claimed, result: { lines: 3 } })).toEqual({
      id: 't',
      status: 'completed',
    })
    expect(await memory.tasks.get('t')).toMatchObject({
      status: 'completed',
      result: { lines: 3 },
      assignedTo: 'a',
      attempts: 1,
      completedAt: new Date(clock.now()),
      updatedAt: new Date(clock.now()),
    })
    expect(await storyOf(memory, 't')).toEqual([
      'task.created by system',
      'task.claimed by a',
      'task.completed by a',
    ])
  })

  it('keeps what null and absent results are apart', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'a', description: 'x' },
      { id: 'b', description: 'x' },
    ])
    const [a, b] = await memory.tasks.claim({ agentId: 'w', limit: 2 })
    await memory.tasks.complete({ ...a!, result: null })
    await memory.tasks.complete(b!)
    expect(await memory.tasks.get('a')).toMatchObject({ result: null })
    expect(await memory.tasks.get('b')).toMatchObject({ result: undefined })
  })

  it('lists tasks by id, filtered, page by page', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      ...['a', 'b', 'c', 'd', 'e'].map(id => ({ id, description: id })),
      { id: 'f', description: 'f', priority: 'high' },
    ])
    await memory.tasks.complete(await claimOne(memory, { agentId: 'one' }))
    await claimOne(memory, { agentId: 'two' })
    const ids = async (options: object) => (await memory.tasks.list(options)).items.map(task => task.id)
    expect(await ids({})).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(await ids({ order: 'desc', limit: 2 })).toEqual(['f', 'e'])
    expect(await ids({ status: 'completed' })).toEqual(['f'])
    expect(await ids({ status: 'running' })).toEqual(['a'])
    expect(await ids({ status: 'pending' })).toEqual(['b', 'c', 'd', 'e'])
    expect(await ids({ assignedTo: 'two' })).toEqual(['a'])
    expect(await ids({ priority: 'high', status: 'completed', assignedTo: 'one' })).toEqual(['f'])
    expect(await ids({ priority: 'low' })).toEqual([])
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await memory.tasks.list({ status: 'pending', limit: 3, order, cursor })
        seen.push(...page.items.map(task => task.id))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(seen).toEqual(order === 'asc' ? ['b', 'c', 'd', 'e'] : ['e', 'd', 'c', 'b'])
    }
  })

  it('counts tasks by status', async () => {
    const memory = await open()
    const none = { pending: 0, running: 0, lapsed: 0, completed: 0, failed: 0, cancelled: 0, dead: 0 }
    expect(await memory.tasks.counts()).toEqual(none)
    await memory.tasks.createMany(['a', 'b', 'c', 'd'].map(id => ({ id, description: id })))
    await memory.tasks.complete(await claimOne(memory))
    await memory.tasks.fail({ ...(await claimOne(memory)), error: 'x', retry: false })
    await claimOne(memory)
    expect(await memory.tasks.counts()).toEqual({ ...none, pending: 1, running: 1, completed: 1, failed: 1 })
  })

  it('deletes a task, unless somebody works on it', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const claimed = await claimOne(memory)
    await expect(memory.tasks.delete('t')).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'running' },
    })
    await memory.tasks.complete(claimed)
    expect(await memory.tasks.delete('t')).toBe(true)
    expect(await memory.tasks.delete('t')).toBe(false)
    expect(await memory.tasks.get('t')).toBeUndefined()
  })

  it('commits a change of a task with what else a transaction does, or not at all', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const claimed = await claimOne(memory)
    const events = await memory.events.count()
    const undone = memory.transaction(async tx => {
      await tx.tasks.complete({ ...claimed, result: 1 })
      await tx.tasks.create({ id: 'next', description: 'y' })
      expect(await tx.tasks.claim({ agentId: 'w' })).toMatchObject([{ id: 'next' }])
      throw new Error('changed my mind')
    })
    await expect(undone).rejects.toThrow('changed my mind')
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'running', result: undefined })
    expect(await memory.tasks.get('next')).toBeUndefined()
    expect(await memory.events.count()).toBe(events)
    await memory.transaction(async tx => {
      await tx.tasks.complete({ ...claimed, result: 1 })
      await tx.store('done', true)
    })
    expect(await memory.retrieve('done')).toBe(true)
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'completed', result: 1 })
  })

  it('refuses bad input, and stores nothing of it', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    const wrong: Record<string, unknown>[] = [
      { description: '' },
      { description: undefined },
      { id: '' },
      { id: '\ud800' },
      { priority: 'urgent' },
      { payload: { when: undefined } },
      { requires: 'gpu' },
      { requires: [''] },
      { dependencies: 'a' },
      { dependencies: [null] },
      { dependencies: [{ id: 'a', onFailure: 'explode' }] },
      { dependencies: ['a', 'a'] },
      { runAt: new Date(Number.NaN) },
      { runAt: new Date(), delayMs: 1 },
      { delayMs: -1 },
      { maxAttempts: 0 },
      { maxAttempts: 1.5 },
      { backoff: { baseMs: -1 } },
      { idempotencyKey: '' },
    ]
    for (const fields of wrong) {
      const task = { description: 'x', ...fields } as never
      await expect(memory.tasks.create(task), JSON.stringify(fields)).rejects.toMatchObject(bad)
    }
    await memory.tasks.create({ id: 't', description: 'x' })
    for (const options of [
      { limit: 0 },
      { limit: 1_001 },
      { leaseMs: 0 },
      { leaseMs: 2 * dayMs },
      { agentId: '' },
    ]) {
      await expect(memory.tasks.claim({ agentId: 'w', ...options })).rejects.toMatchObject(bad)
    }
    await expect(memory.tasks.claim({ agentId: 'w', capabilities: 'x' as never })).rejects.toMatchObject(bad)
    const claimed = await claimOne(memory)
    await expect(memory.tasks.complete({ ...claimed, result: Number.NaN })).rejects.toMatchObject(bad)
    await expect(memory.tasks.complete({ id: 't', token: 1.5 })).rejects.toMatchObject(bad)
    await expect(memory.tasks.completeMany([claimed, claimed])).rejects.toMatchObject(bad)
    await expect(memory.tasks.list({ status: 'odd' as never })).rejects.toMatchObject(bad)
    await expect(memory.tasks.list({ cursor: 'mine' })).rejects.toMatchObject(bad)
    expect((await memory.tasks.list()).items).toMatchObject([{ id: 't', status: 'running' }])
  })
})
