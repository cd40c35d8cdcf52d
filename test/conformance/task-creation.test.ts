import { expect, it } from 'vitest'
import type { NewTask } from '../../src/tasks/new-task.ts'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

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
  labels: ['b', 'a'],
  parentId: 'parent',
}

/** New tasks, one and many, and those that are the same as one that is there. */
conform('task creation', open => {
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
      labels: [],
      parentId: undefined,
      revision: 0,
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
})
