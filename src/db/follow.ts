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

/** Reads where to start: what is asked for from now on is written after that, and so will be found. */
export function beforeWrites<T>(db: Db, read: () => Promise<T>): Promise<T> {
  return db.beforeWrites === undefined ? read() : db.beforeWrites(read)
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
  { commits }: Db,
  start: number,
  read: (after: number) => Promise<Batch<T>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  let cursor = start
  let activeAt = performance.now()
  while (!signal?.aborted) {
    const count = commits?.count
    const batch = await read(cursor)
    cursor = batch.cursor
    for (const item of batch.items) {
      if (signal?.aborted) return
      yield item
    }
    if (batch.items.length > 0) activeAt = performance.now()
    // Reads may resolve without ever leaving the microtasks: timers and sockets need their turn.
    if (batch.more || commits?.count !== count) await nextTurn()
    else if (!signal?.aborted) await pause(wake => commits?.wait(wake, activeAt), batch.withinMs, signal)
  }
}

/** Resolves at the next commit, after the longest wait, or when `signal` aborts. */
function pause(
  listen: (wake: () => void) => (() => void) | undefined,
  withinMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      stop?.()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const stop = listen(end)
    const longestMs = stop === undefined ? untoldWaitMs : maxWaitMs
    const timer = setTimeout(end, Math.min(withinMs ?? longestMs, longestMs))
    signal?.addEventListener('abort', end)
  })
}
