import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

const dayMs = 86_400_000

/** What becomes of a task whose attempt failed. */
conform('task retries', open => {
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
    expect((await storyOf(memory, 't')).at(-1)).toBe('task.dead by system')
  })
})
