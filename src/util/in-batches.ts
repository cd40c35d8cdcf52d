import { setTimeout as sleep } from 'node:timers/promises'

/** What one batch did, and whether it was the last. */
export interface BatchDone {
  readonly count: number
  readonly isLast: boolean
  /** For how long it kept others from writing, in milliseconds. Default: for as long as it took. */
  readonly heldMs?: number
}

/**
 * Runs a batch that writes again and again until it says that it was the last, and adds up what was done. After each it
 * rests for as long as the batch kept others from writing: a loop that takes the write lock again at once leaves hardly a
 * turn to other processes, which look for the lock only so often.
 * @param meanwhile what can be done while it rests
 */
export async function inBatches(
  batch: () => Promise<BatchDone>,
  meanwhile: () => Promise<void> = async () => {},
): Promise<number> {
  for (let total = 0; ; ) {
    const startedAt = performance.now()
    const { count, isLast, heldMs } = await batch()
    total += count
    if (isLast) return total
    await Promise.all([sleep(heldMs ?? performance.now() - startedAt), meanwhile()])
  }
}
