import { setTimeout as sleep } from 'node:timers/promises'
import { Busy } from '../../errors.ts'

/** How long to wait for others by default, in milliseconds. */
export const defaultBusyTimeoutMs = 5_000

/**
 * Runs `attempt` until it does not meet Busy, waiting asynchronously with jitter in between. SQLite's own
 * busy handler would block the event loop, and for ever when this very process holds the lock across an `await`.
 */
export async function retryBusy<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (let tries = 0; ; tries++) {
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof Busy) || performance.now() >= deadline) throw error
    }
    await sleep(backoffMs(tries))
  }
}

/** Doubles from 1 to 32 ms, at random between half and all of it, so that waiters do not march in step. */
function backoffMs(tries: number): number {
  return 2 ** Math.min(tries, 5) * (0.5 + Math.random() / 2)
}
