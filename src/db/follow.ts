import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Commits, Db } from './db.ts'

/** What one read found after a cursor. */
export interface Batch<T> {
  readonly items: readonly T[]
  /** Where to go on from; it may have moved although nothing was found. */
  readonly cursor: number
  /** True when there is more than one read gives. */
  readonly more: boolean
  /** When to read again at the latest although nothing was written: for what time alone brings about. */
  readonly withinMs?: number
}

export interface FollowOptions {
  /** The cursor to begin after. Default 0. */
  start?: number
  /** Ends it, without an error. */
  signal: AbortSignal | undefined
}

/** How long to wait for a commit before reading all the same, in milliseconds; and how long where commits are not known. */
const maxWaitMs = 1000
const pollWaitMs = 25

/**
 * Yields what `read` finds after `start`, and then what comes later, by whichever process, until `signal` aborts. It reads again after every commit that `db` knows of, and now and then without one,
 * so that no item is missed when a commit is. Waiting for an item keeps the process alive, as any wait of the
 * caller's does.
 */
export async function* follow<T>(
  { commits, supports }: Db,
  read: (after: number) => Promise<Batch<T>>,
  { start = 0, signal }: FollowOptions,
): AsyncGenerator<T, void, undefined> {
  const longestMs = supports.commits ? maxWaitMs : pollWaitMs
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
    if (batch.more) await nextTurn()
    else {
      const withinMs = Math.min(batch.withinMs ?? longestMs, longestMs)
      await nextCommit(commits, { since: count, activeAt, withinMs, signal })
    }
  }
}

export interface CommitWait {
  /** The count of the commits before the last read, which may have missed the later ones. */
  since: number
  /** When something was found last, on the clock of `performance`: see {@link Commits.wait}. */
  activeAt: number
  /** The longest wait, in milliseconds. */
  withinMs: number
  signal: AbortSignal | undefined
}

/**
 * Resolves at the next commit, after the longest wait, or when `signal` aborts; when there was a commit since the last
 * read, at the next turn of the event loop. It keeps the process alive.
 */
export async function nextCommit(
  commits: Commits,
  { since, activeAt, withinMs, signal }: CommitWait,
): Promise<void> {
  // Reads may resolve without ever leaving the microtasks: timers and sockets need their turn.
  if (commits.count !== since) return nextTurn()
  if (signal?.aborted) return
  await new Promise<void>(resolve => {
    const end = () => {
      clearTimeout(timer)
      stop()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const stop = commits.wait(end, activeAt)
    const timer = setTimeout(end, withinMs)
    signal?.addEventListener('abort', end)
  })
}
