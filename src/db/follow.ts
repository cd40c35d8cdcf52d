import { setImmediate as nextTurn } from 'node:timers/promises'

/** What one read found after a cursor. */
export interface Batch<T> {
  readonly items: readonly T[]
  /** Where to go on from; it may have moved although nothing was found. */
  readonly cursor: number
  /** True when there is more than one read gives. */
  readonly more: boolean
}

/** The wait between two reads in milliseconds: short after something was found, then longer and longer. */
const minWaitMs = 5
const maxWaitMs = 100
const growth = 1.2

/** Ends the waits of this process's followers. */
const sleepers = new Set<() => void>()
let hints = 0

/** Tells all followers of this process to look again now. Only a hint: they would look by themselves soon. */
export function wakeFollowers(): void {
  hints++
  for (const wake of sleepers) wake()
}

/**
 * Yields what `read` finds after `start`, and then what comes later, by whichever process, until `signal` aborts:
 * then it ends without an error. Waiting for an item keeps the process alive, as any wait of the caller's does.
 */
export async function* follow<T>(
  start: number,
  read: (after: number) => Promise<Batch<T>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  let cursor = start
  let waitMs = minWaitMs
  while (!signal?.aborted) {
    const seen = hints
    const batch = await read(cursor)
    cursor = batch.cursor
    for (const item of batch.items) {
      if (signal?.aborted) return
      yield item
    }
    if (!batch.more && hints === seen) await pause(waitMs, signal)
    // What a hint announces may not be committed yet, so after one, as after a find, the waits are short again.
    const isActive = batch.items.length > 0 || hints !== seen
    waitMs = isActive ? minWaitMs : Math.min(waitMs * growth, maxWaitMs)
    // Reads may resolve without ever leaving the microtasks: timers and sockets need their turn.
    await nextTurn()
  }
}

/** Resolves after `ms`, on a hint, or when `signal` aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      sleepers.delete(end)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    sleepers.add(end)
    signal?.addEventListener('abort', end)
  })
}
