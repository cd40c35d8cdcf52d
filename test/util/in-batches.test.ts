import { expect, it } from 'vitest'
import { inBatches } from '../../src/util/in-batches.ts'

/** Holds the thread, as a statement does. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('adds up what the batches did, until one says that it was the last', async () => {
  const batches = [
    { count: 3, isLast: false },
    { count: 2, isLast: false },
    { count: 0, isLast: true },
  ]
  expect(await inBatches(async () => batches.shift()!)).toBe(5)
  expect(batches).toEqual([])
})

it('leaves others as much time as the batches take', async () => {
  let worked = 0
  let left = 5
  const startedAt = performance.now()
  await inBatches(async () => {
    const begun = performance.now()
    work(20)
    if (left > 1) worked += performance.now() - begun
    return { count: 1, isLast: --left === 0 }
  })
  // Timers count whole milliseconds.
  expect(performance.now() - startedAt).toBeGreaterThan(2 * worked - 10)
})
