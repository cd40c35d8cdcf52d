import { expect, it } from 'vitest'
import { Pace } from '../../src/tasks/pace.ts'
import type { ClaimedTask } from '../../src/tasks/task.ts'

const task = (attempt: number, maxAttempts = 3) => ({ attempt, maxAttempts }) as ClaimedTask

function paceOf(tookMs: number, concurrency = 1): Pace {
  const pace = new Pace(concurrency)
  for (let i = 0; i < 20; i++) pace.ended(task(1), tookMs)
  return pace
}

it('claims ahead what begins within 20 ms, and nothing of what takes longer', () => {
  expect(paceOf(5).ahead).toBe(4)
  expect(paceOf(5, 10).ahead).toBe(40)
  expect(paceOf(0).ahead).toBe(500)
  expect(paceOf(50).ahead).toBe(0)
  expect(new Pace(1).ahead).toBe(0)
})

it('lets no task wait for which it would be the last attempt, or not the first', () => {
  const pace = paceOf(1)
  expect(pace.mayWait(task(1, 3))).toBe(true)
  expect(pace.ahead).toBe(20)
  expect(pace.mayWait(task(1, 1))).toBe(false)
  expect(pace.ahead).toBe(0)
  expect(paceOf(1).mayWait(task(2, 3))).toBe(false)
})

it('claims nothing ahead until it has met a row of first attempts', () => {
  const pace = new Pace(1)
  for (let i = 0; i < 7; i++) pace.ended(task(1), 1)
  expect(pace.ahead).toBe(0)
  pace.ended(task(1), 1)
  expect(pace.ahead).toBe(20)
  pace.ended(task(2), 1)
  expect(pace.ahead).toBe(0)
})

it('claims less after a stall', () => {
  const pace = paceOf(1)
  pace.stalled(200)
  expect(pace.ahead).toBe(0)
})
