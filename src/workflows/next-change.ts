import type { Db } from '../db/db.ts'
import { nextCommit } from '../db/follow.ts'
import { type Backoff, pauseMs } from '../util/poller.ts'

/** Every change of a run has an event, and so a commit; what time alone brings about is looked for besides. */
const backoff: Backoff = { minMs: 5, maxMs: 100, looksPerQuiet: 2 }

export interface ChangeWait {
  /** The count of the commits before the last look, which may have missed the later ones. */
  since: number
  /** When a look found something, on the clock of `performance`. */
  activeAt: number
  /** For what will happen at a time that is known. */
  withinMs?: number | undefined
  /** Ends the wait when it aborts: why is for the caller to see. */
  signal: AbortSignal
}

/** Resolves when there may be something new to see. */
export function nextChange(
  { commits }: Db,
  { since, activeAt, withinMs, signal }: ChangeWait,
): Promise<void> {
  const ms = Math.max(1, Math.min(pauseMs(backoff, activeAt), withinMs ?? backoff.maxMs))
  return nextCommit(commits, { since, activeAt, withinMs: ms, signal })
}
