import { expect, it } from 'vitest'
import type { NewTask } from '../../src/tasks/new-task.ts'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a call that is refused for its token says. */
const staleAs = (status: string, token: number) => ({ code: 'stale_token', details: { status, token } })

/** A value of each field of a new task that is not its default. */
const otherwise: Required<NewTask> = {
  id: 'x',
  description: 'x',
  priority: 'low',
  dependencies: ['parent'],
  payload: { a: 2 },
  queue: 'mail',
  requires: ['gpu'],
  runAt: new Date('2099-01-01T00:00:00Z'),
  delayMs: 5,
  maxAttempts: 7,
  backoff: { baseMs: 5 },
  idempotencyKey: 'x',
  createdBy: 'somebody',
}

conform('tasks', open => {
  it('creates a task with everything that was asked for', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, agentId: 'planner' })
    const now = new Date(clock.now())
    const task = await memory.tasks.create({ description: 'Add a login' })
    expect(task).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      description: 'Add a login',
      status: 'pending',
      priority: 'medium',
      assignedTo: undefined,
      dependencies: [],
      queue: 'default',
      requires: [],
      payload: undefined,
      progress: undefined,
      result: undefined,
      runAt: undefined,
      attempts: 0,
      maxAttempts: 3,
      backoff: { baseMs: 1000, capMs: 100_000 },
      errors: [],
      causedBy: undefined,
      idempotencyKey: undefined,
      createdBy: 'planner',
      createdAt: now,
      updatedAt: now,
      completedAt: undefined,
      claimedAt: undefined,
    })
    expect(await memory.tasks.get(task.id)).toEqual(task)
    const full = {
      id: 'full',
      description: 'everything',
      priority: 'high',
      dependencies: [task.id],
      payload: { n: [1, null] },
      requires: ['b', 'a'],
      runAt: new Date(clock.now() + 5),
      maxAttempts: 7,
      backoff: { baseMs: 5, capMs: 50 },
      idempotencyKey: 'once',
      createdBy: 'somebody',
    } as const
    expect(await memory.tasks.create(full)).toMatchObject({ ...full, requires: ['a', 'b'] })
    expect(await memory.tasks.get('absent')).toBeUndefined()
  })

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

  it('creates in one call what no one statement takes', async () => {
    const memory = await open()
    const payload = 'x'.repeat(1_000_000)
    const batch = Array.from({ length: 35 }, (_, i) => ({ id: `task-${i}`, description: 'x', payload }))
    const created = await memory.tasks.createMany(batch)
    expect(created.map(task => task.id)).toEqual(batch.map(task => task.id))
    expect((await memory.tasks.get('task-34'))?.payload).toBe(payload)
    const clash = [{ description: 'y' }, ...batch.slice(1), { id: 'task-0', description: 'x' }]
    await expect(memory.tasks.createMany(clash)).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.events.count()).toBe(35)
  })

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
      'task.released by b',
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
    })
    clock.advance(999)
    expect(await memory.tasks.claim({ agentId: 'thief', limit: 3 })).toEqual([])
    const completions = heartbeats.map(({ id, token }) => ({ id, token, result: `did ${id}` }))
    expect(await memory.tasks.completeMany(completions)).toEqual({ held: ['a', 'c'], stale })
    expect(await memory.tasks.get('c')).toMatchObject({ status: 'completed', result: 'did c', progress: 'c' })
    expect(await memory.tasks.get('b')).toMatchObject({ status: 'cancelled', result: undefined })
    expect(await memory.tasks.completeMany([])).toEqual({ held: [], stale: [] })
    expect(await memory.tasks.heartbeatMany([])).toEqual({ held: [], stale: [] })
  })

  it('tries a failed task again, later each time, until it is dead with all its errors', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x', backoff: { baseMs: 1_000, capMs: 1_500 } })
    for (const [attempt, fullMs] of [
      [1, 1_000],
      [2, 1_500],
    ] as const) {
      const claimed = await claimOne(memory)
      expect(claimed.attempt).toBe(attempt)
      const failed = await memory.tasks.fail({ ...claimed, error: new Error(`no. ${attempt}`) })
      expect(failed).toEqual({ id: 't', status: 'pending' })
      const task = await memory.tasks.get('t')
      const delayMs = Number(task?.runAt) - clock.now()
      expect(task).toMatchObject({ status: 'pending', assignedTo: undefined, completedAt: undefined })
      expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2)
      expect(delayMs).toBeLessThanOrEqual(fullMs)
      clock.advance(delayMs - 1)
      expect(await memory.tasks.claim({ agentId: 'worker' })).toEqual([])
      clock.advance(1)
    }
    const last = await claimOne(memory)
    expect(await memory.tasks.fail({ ...last, error: { reason: 'no. 3' } })).toEqual({
      id: 't',
      status: 'dead',
    })
    const dead = await memory.tasks.get('t')
    expect(dead).toMatchObject({
      status: 'dead',
      attempts: 3,
      assignedTo: 'worker',
      completedAt: expect.any(Date),
    })
    expect(dead?.errors).toMatchObject([
      { attempt: 1, agentId: 'worker', error: { name: 'Error', message: 'no. 1' }, at: expect.any(Date) },
      { attempt: 2, error: { message: 'no. 2' } },
      { attempt: 3, error: { reason: 'no. 3' }, at: new Date(clock.now()) },
    ])
    clock.advance(dayMs)
    expect(await memory.tasks.claim({ agentId: 'worker' })).toEqual([])
    expect((await storyOf(memory, 't')).at(-1)).toBe('task.dead by worker')
  })

  it('spreads retries at random between half and all of the backoff', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    await memory.tasks.createMany(Array.from({ length: 50 }, (_, i) => ({ id: `${i}`, description: 'x' })))
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 50 })
    await Promise.all(claimed.map(task => memory.tasks.fail({ ...task, error: 'x' })))
    const waits = (await memory.tasks.list()).items.map(task => Number(task.runAt) - clock.now())
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000)
    expect(new Set(waits).size).toBeGreaterThan(10)
  })

  it('does not try again what failed for good', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const claimed = await claimOne(memory)
    expect(await memory.tasks.fail({ ...claimed, error: 'impossible', retry: false })).toMatchObject({
      status: 'failed',
    })
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'failed', errors: [{ error: 'impossible' }] })
    expect((await storyOf(memory, 't')).at(-1)).toBe('task.failed by worker')
  })

  it('counts a crash as an attempt: a task whose last lease lapses is dead, with its errors', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x', maxAttempts: 2 })
    for (const agentId of ['a', 'b']) {
      await claimOne(memory, { agentId, leaseMs: 100 })
      clock.advance(100)
    }
    expect(await memory.tasks.claim({ agentId: 'c' })).toEqual([])
    expect(await memory.tasks.get('t')).toMatchObject({
      status: 'dead',
      attempts: 2,
      errors: [
        { attempt: 1, agentId: 'a' },
        { attempt: 2, agentId: 'b' },
      ],
    })
    expect((await storyOf(memory, 't')).at(-1)).toBe('task.dead by c')
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

  it('creates a task once under an idempotency key, and returns it with its result afterwards', async () => {
    const memory = await open()
    const asked = { description: 'Deploy', payload: { a: 1, b: { c: 2, d: 3 } }, idempotencyKey: 'deploy-7' }
    const first = await memory.tasks.create(asked)
    const again = await memory.tasks.create({
      ...asked,
      payload: { b: { d: 3, c: 2 }, a: 1 },
      createdBy: 'other',
    })
    expect(again).toEqual(first)
    await memory.tasks.complete({ ...(await claimOne(memory)), result: 'live' })
    expect(await memory.tasks.create(asked)).toMatchObject({
      id: first.id,
      status: 'completed',
      result: 'live',
    })
    expect(await memory.tasks.counts()).toMatchObject({ pending: 0, completed: 1 })
    expect(await storyOf(memory, first.id)).toHaveLength(3)
  })

  it('refuses another task under a used idempotency key, whatever it is that differs', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 'parent', description: 'Build' })
    const asked = { description: 'Deploy', idempotencyKey: 'deploy-7' }
    const first = await memory.tasks.create(asked)
    const { idempotencyKey: _, createdBy, ...others } = otherwise
    expect(await memory.tasks.create({ ...asked, createdBy })).toEqual(first)
    for (const [field, value] of Object.entries(others)) {
      await expect(memory.tasks.create({ ...asked, [field]: value }), field).rejects.toMatchObject({
        code: 'conflict',
        details: { idempotencyKey: 'deploy-7', id: first.id },
      })
    }
  })

  it('keeps an idempotency key unique within a batch and among callers at once', async () => {
    const memory = await open()
    const asked = { description: 'x', idempotencyKey: 'k' }
    const [a, b, c] = await memory.tasks.createMany([asked, asked, { description: 'other' }])
    expect(a).toEqual(b)
    expect(c?.id).not.toBe(a?.id)
    const all = await Promise.all(Array.from({ length: 5 }, () => memory.tasks.create(asked)))
    expect(new Set(all.map(task => task.id))).toEqual(new Set([a?.id]))
    const clash = [asked, { ...asked, description: 'y' }]
    await expect(memory.tasks.createMany(clash)).rejects.toMatchObject({ code: 'conflict' })
    expect((await memory.tasks.list()).items).toHaveLength(2)
  })

  it('refuses an id that is taken', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'first' })
    const second = { id: 't', description: 'second' }
    await expect(memory.tasks.create(second)).rejects.toMatchObject({
      code: 'conflict',
      details: { id: 't' },
    })
    await expect(memory.tasks.create({ ...second, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'conflict',
    })
    const twice = [
      { id: 'n', description: 'x' },
      { id: 'n', description: 'x' },
    ]
    await expect(memory.tasks.createMany(twice)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.tasks.get('t')).toMatchObject({ description: 'first' })
    expect(await memory.tasks.get('n')).toBeUndefined()
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
    const none = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, dead: 0 }
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
