import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from './db.ts'

/** What one read found after a cursor. */
export interface Batch<T> {
  readonly items: readonly T[]
  /** Where to go on from; it may have moved although nothing was found. */
  readonly cursor: number
  /** True when there is more than one read gives. */
  readonly more: boolean
  /** When to look again at the latest although nobody wrote: for what time alone brings about. */
  readonly withinMs?: number
}

/** How long to wait for word of a commit before looking all the same, in milliseconds; and where no word comes. */
const maxWaitMs = 1000
const untoldWaitMs = 25

/**
 * Yields what `read` finds after `start`, and then what comes later, by whichever process, until `signal` aborts:
 * then it ends without an error. It reads again after every commit that `db` tells of, and now and then unasked,
 * so that nothing depends on what it is told. Waiting for an item keeps the process alive, as any wait of the
 * caller's does.
 */
export async function* follow<T>(
  { commits, supports }: Db,
  start: number,
  read: (after: number) => Promise<Batch<T>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const longestMs = supports.commits ? maxWaitMs : untoldWaitMs
  let cursor = start
  let activeAt = performance.now()
  while (!signal?.aborted) {
    const { count } = commits
    const batch = await read(cursor)
    cursor = batch.cursor
    for (const item of batch.items) {
      if (signal?.aborted) return
      yield item
    }
    if (batch.items.length > 0) activeAt = performance.now()
    // Reads may resolve without ever leaving the microtasks: timers and sockets need their turn.
    if (batch.more || commits.count !== count) await nextTurn()
    else if (!signal?.aborted) {
      const waitMs = Math.min(batch.withinMs ?? longestMs, longestMs)
      await pause(wake => commits.wait(wake, activeAt), waitMs, signal)
    }
  }
}

/** Resolves at the next commit, after `ms`, or when `signal` aborts. */
function pause(
  listen: (wake: () => void) => () => void,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      stop()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const stop = listen(end)
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
