import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

const hourMs = 3_600_000

/** What a call that is refused for its token says. */
const staleAs = (status: string, token: number) => ({ code: 'stale_token', details: { status, token } })

/** Who holds a task: leases, their tokens, and what the holder may do. */
conform('task claims', open => {
  it('gives a task to one claimant only, however many ask at once', async () => {
    const memory = await open()
    await memory.tasks.createMany(Array.from({ length: 10 }, (_, i) => ({ description: `task ${i}` })))
    const claims = Array.from({ length: 20 }, (_, i) =>
      memory.tasks.claim({ agentId: `agent-${i}`, limit: 1 }),
    )
    const ids = (await Promise.all(claims)).flat().map(task => task.id)
    expect(ids).toHaveLength(10)
    expect(new Set(ids).size).toBe(10)
  })

  it('refuses everything to a zombie, also under the same name', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    const zombie = await claimOne(memory, { agentId: 'same', leaseMs: 100 })
    clock.advance(100)
    const rightful = await claimOne(memory, { agentId: 'same' })
    expect(rightful).toMatchObject({ id: 't', token: 2, attempt: 2 })
    const before = await memory.tasks.get('t')
    const events = await memory.events.count()
    const stale = staleAs('running', 2)
    await expect(memory.tasks.complete({ ...zombie, result: 'wrong' })).rejects.toMatchObject(stale)
    await expect(memory.tasks.fail({ ...zombie, error: 'wrong' })).rejects.toMatchObject(stale)
    await expect(memory.tasks.heartbeat({ ...zombie, progress: 'wrong' })).rejects.toMatchObject(stale)
    await expect(memory.tasks.release(zombie)).rejects.toMatchObject(stale)
    expect(await memory.tasks.get('t')).toEqual(before)
    expect(await memory.events.count()).toBe(events)
    await memory.tasks.complete({ ...rightful, result: 'right' })
    await expect(memory.tasks.complete({ ...zombie, result: 'late' })).rejects.toMatchObject(
      staleAs('completed', 2),
    )
    await expect(memory.tasks.complete({ ...rightful, result: 'twice' })).rejects.toMatchObject(
      staleAs('completed', 2),
    )
    expect(await memory.tasks.get('t')).toMatchObject({ result: 'right' })
  })

  it('refuses a token that was never given, and an unknown task', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    await expect(memory.tasks.complete({ id: 't', token: 0 })).rejects.toMatchObject(staleAs('pending', 0))
    await expect(memory.tasks.complete({ id: 't', token: 9 })).rejects.toMatchObject(staleAs('pending', 0))
    await expect(memory.tasks.complete({ id: 'absent', token: 1 })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(memory.tasks.heartbeat({ id: 'absent', token: 1 })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('hands a task on when its lease lapses, and not a moment before', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    await claimOne(memory, { agentId: 'a', leaseMs: 1_000 })
    clock.advance(999)
    expect(await memory.tasks.claim({ agentId: 'b' })).toEqual([])
    clock.advance(1)
    expect(await claimOne(memory, { agentId: 'b' })).toMatchObject({ assignedTo: 'b', token: 2, attempt: 2 })
    expect(await memory.tasks.get('t')).toMatchObject({
      errors: [{ attempt: 1, agentId: 'a', error: { message: expect.stringContaining('lapsed') } }],
    })
    expect(await storyOf(memory, 't')).toEqual([
      'task.created by system',
      'task.claimed by a',
      'task.released by system',
      'task.claimed by b',
    ])
  })

  it('lets a claimant finish whose lease has lapsed as long as nobody has claimed since', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    const claimed = await claimOne(memory, { leaseMs: 100 })
    clock.advance(hourMs)
    expect(await memory.tasks.complete(claimed)).toMatchObject({ status: 'completed' })
  })

  it('keeps a claim as long as heartbeats come, and notes the progress', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    const claimed = await claimOne(memory, { leaseMs: 100 })
    for (let progress = 1; progress <= 5; progress++) {
      clock.advance(99)
      expect(await memory.tasks.claim({ agentId: 'thief' })).toEqual([])
      expect(await memory.tasks.heartbeat({ ...claimed, leaseMs: 100, progress })).toEqual({
        id: 't',
        status: 'running',
        leaseUntil: new Date(clock.now() + 100),
      })
    }
    await memory.tasks.heartbeat({ ...claimed, leaseMs: 100 })
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'running', progress: 5 })
    clock.advance(100)
    expect(await claimOne(memory, { agentId: 'thief' })).toMatchObject({ token: 2 })
  })

  it('renews and completes many claims at once, the stale ones apart', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany(['a', 'b', 'c'].map(id => ({ id, description: id })))
    const claims = await memory.tasks.claim({ agentId: 'w', limit: 3, leaseMs: 100 })
    expect(claims.map(task => task.id)).toEqual(['a', 'b', 'c'])
    await memory.tasks.cancel('b')
    const heartbeats = [
      ...claims.map(({ id, token }) => ({ id, token, progress: id })),
      { id: 'd', token: 1 },
    ]
    const stale = [
      { id: 'b', status: 'cancelled', token: 1 },
      { id: 'd', status: undefined, token: undefined },
    ]
    expect(await memory.tasks.heartbeatMany(heartbeats, { leaseMs: 1_000 })).toEqual({
      held: ['a', 'c'],
      stale,
      leaseUntil: new Date(clock.now() + 1_000),
    })
    clock.advance(999)
    expect(await memory.tasks.claim({ agentId: 'thief', limit: 3 })).toEqual([])
    const completions = heartbeats.map(({ id, token }) => ({ id, token, result: `did ${id}` }))
    expect(await memory.tasks.completeMany(completions)).toEqual({ held: ['a', 'c'], stale })
    expect(await memory.tasks.get('c')).toMatchObject({ status: 'completed', result: 'did c', progress: 'c' })
    expect(await memory.tasks.get('b')).toMatchObject({ status: 'cancelled', result: undefined })
    expect(await memory.tasks.completeMany([])).toEqual({ held: [], stale: [] })
    expect(await memory.tasks.heartbeatMany([])).toMatchObject({ held: [], stale: [] })
  })

  it('gives a released task back at once, at its former place, the attempt refunded', async () => {
    const memory = await open()
    await memory.tasks.createMany(['a', 'b'].map(id => ({ id, description: id })))
    const claimed = await claimOne(memory)
    expect(await memory.tasks.release(claimed)).toEqual({ id: 'a', status: 'pending' })
    expect(await memory.tasks.get('a')).toMatchObject({
      status: 'pending',
      attempts: 0,
      assignedTo: undefined,
    })
    expect(await claimOne(memory)).toMatchObject({ id: 'a', token: 2, attempt: 1 })
    await expect(memory.tasks.release(claimed)).rejects.toMatchObject({ code: 'stale_token' })
    expect(await storyOf(memory, 'a')).toContain('task.released by worker')
  })

  it('never issues a token up to the floor: a deleted and recreated task goes on counting', async () => {
    const memory = await open()
    for (let round = 1; round <= 3; round++) {
      await memory.tasks.create({ id: 't', description: 'x' })
      const claimed = await claimOne(memory)
      expect(claimed.token).toBe(round)
      await memory.tasks.complete(claimed)
      expect(await memory.tasks.delete('t')).toBe(true)
    }
    await memory.tasks.create({ id: 'old', description: 'x' })
    await memory.execute("update hivewax_counters set value = 41 where name = 'floor'")
    expect(await claimOne(memory)).toMatchObject({ id: 'old', token: 42 })
  })
})
