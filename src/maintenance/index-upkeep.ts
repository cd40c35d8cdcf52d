import type { Db } from '../db/db.ts'
import { type Backoff, Poller, pauseMs } from '../util/poller.ts'

/** How often to look whether much waits: news waits a tenth of the time since there was some. */
const backoff: Backoff = { minMs: 500, maxMs: 10_000, looksPerQuiet: 10 }

/** How many changes are much: with fewer a search reads them without being felt. */
const much = 500

/** How long the index is brought up to date at a time, in milliseconds. */
const stintMs = 2_000

interface IndexUpkeepOptions {
  /** How long a few changes may wait, in milliseconds. */
  readonly intervalMs: number
  /** Whether this process is the one to do the upkeep; it becomes that where no other is. */
  readonly leads: () => Promise<boolean>
  readonly onError: (error: unknown) => void
}

/**
 * Brings full-text search up to date with the latest writes, of whichever process: soon when much waits, as in a bulk
 * load, and at leisure when little does.
 */
export class IndexUpkeep {
  readonly #db: Db
  readonly #options: IndexUpkeepOptions
  readonly #stopped = new AbortController()
  readonly #looks = new Poller(() => this.#look())
  /** When there was much, and when all was indexed, on the clock of `performance`. */
  #activeAt = performance.now()
  #doneAt = performance.now()

  constructor(db: Db, options: IndexUpkeepOptions) {
    this.#db = db
    this.#options = options
    this.#looks.within(this.#pauseMs())
  }

  /** Resolves when the batch under way has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#looks.stop()
  }

  #pauseMs(): number {
    return Math.min(this.#options.intervalMs, pauseMs(backoff, this.#activeAt))
  }

  async #look(): Promise<number> {
    try {
      return await this.#index()
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onError(error)
      return this.#pauseMs()
    }
  }

  /** @returns the pause until the next look, in milliseconds */
  async #index(): Promise<number> {
    const { indexPending, pendingCount } = await import('../find/indexing.ts')
    const pending = await pendingCount(this.#db)
    const isDue = pending > 0 && performance.now() >= this.#doneAt + this.#options.intervalMs
    if (pending >= much) this.#activeAt = performance.now()
    else if (!isDue) return this.#pauseMs()
    if (!(await this.#options.leads())) return this.#pauseMs()
    const { signal } = this.#stopped
    const { count, isDone } = await indexPending(this.#db, { maxMs: stintMs, signal })
    if (isDone) this.#doneAt = performance.now()
    return isDone || count === 0 ? this.#pauseMs() : 0
  }
}
