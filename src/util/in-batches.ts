import { setTimeout as sleep } from 'node:timers/promises'

/** What one batch did, and whether it was the last. */
export interface BatchDone {
  readonly count: number
  readonly isLast: boolean
}

/**
 * Runs a batch that writes again and again until it says that it was the last, and adds up what was done. After each it
 * rests for as long as the batch took: a loop that takes the write lock again at once leaves hardly a turn to other
 * processes, which look for the lock only so often.
 */
export async function inBatches(batch: () => Promise<BatchDone>): Promise<number> {
  for (let total = 0; ; ) {
    const startedAt = performance.now()
    const { count, isLast } = await batch()
    total += count
    if (isLast) return total
    await sleep(performance.now() - startedAt)
  }
}
