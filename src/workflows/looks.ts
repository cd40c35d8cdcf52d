import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'

/** Looking again at what time may bring starts with short pauses, which grow; in milliseconds. */
const minPauseMs = 5
const maxPauseMs = 100
const growth = 1.5

/**
 * Looks, again and again, for what others or time may bring: the pauses between them. They end early when something
 * is committed; every change of a run that others wait for has an event, and so is told of.
 */
export class Looks {
  readonly #db: Db
  readonly #signal: AbortSignal
  #seen: number | undefined
  #pauseMs = minPauseMs
  #activeAt = performance.now()

  /** @param signal ends a pause when it aborts: why is for the caller to see */
  constructor(db: Db, signal: AbortSignal) {
    this.#db = db
    this.#signal = signal
  }

  /** To be called before each look: what is committed from then on ends the pause after it. */
  begin(): void {
    this.#seen = this.#db.commits.count
  }

  /** After a look that found something: the next pauses are short again. */
  found(): void {
    this.#pauseMs = minPauseMs
    this.#activeAt = performance.now()
  }

  /** The pause after a look. */
  async rest(atMostMs: number = maxPauseMs): Promise<void> {
    const { commits } = this.#db
    const ms = Math.max(1, Math.min(this.#pauseMs, atMostMs))
    this.#pauseMs = Math.min(this.#pauseMs * growth, maxPauseMs)
    // Reads may resolve without ever leaving the microtasks: timers and sockets need their turn.
    if (commits.count !== this.#seen) await nextTurn()
    else await pause(ms, this.#signal, end => commits.wait(end, this.#activeAt))
  }
}

/** Resolves after `ms`, when `signal` aborts, or when the function that `listen` is given is called. */
export function pause(
  ms: number,
  signal: AbortSignal,
  listen?: (end: () => void) => () => void,
): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      stop?.()
      resolve()
    }
    const timer = setTimeout(end, ms)
    const stop = listen?.(end)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
