import { Busy } from '../../errors.ts'
import { type Backoff, Poller, pauseMs } from '../../util/poller.ts'
import type { Commits } from '../db.ts'

/** Looks at the file: a thousandth of the time since something was found is what news waits on average. */
const backoff: Backoff = { minMs: 1, maxMs: 50, looksPerQuiet: 500 }

/**
 * The commits that a store has seen: its own at once; those of other processes by looking, for as long as a call
 * waits, and the less often the longer none of those who wait has found anything. One timer serves them all.
 */
export class SqliteCommits implements Commits {
  readonly #version: () => unknown
  /** When each of those who wait was active last. */
  readonly #waiting = new Map<() => void, number>()
  #count = 0
  #latest: unknown
  readonly #poller = new Poller(() => this.#look())

  /** @param version asks SQLite for what changes with the commits of others; it may throw */
  constructor(version: () => unknown) {
    this.#version = version
    this.#latest = this.#ask()
  }

  get count(): number {
    return this.#count
  }

  wait(wake: () => void, activeAt: number = performance.now()): () => void {
    this.#waiting.set(wake, activeAt)
    this.#poller.within(pauseMs(backoff, activeAt))
    return () => {
      if (this.#waiting.delete(wake) && this.#waiting.size === 0) this.#poller.stop()
    }
  }

  /** Counts a commit, and wakes all waiters. */
  add(): void {
    this.#count++
    if (this.#waiting.size === 0) return
    this.#poller.stop()
    const woken = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }

  /** When to look again: as often as the most active waiter would have it. */
  #look(): number | undefined {
    const version = this.#ask()
    if (version !== this.#latest) {
      this.#latest = version
      this.add()
    }
    return this.#waiting.size > 0 ? pauseMs(backoff, Math.max(...this.#waiting.values())) : undefined
  }

  /** A file that is busy may tell next time. Of any other trouble those who wait hear from their own reads. */
  #ask(): unknown {
    try {
      return this.#version()
    } catch (error) {
      return error instanceof Busy ? this.#latest : undefined
    }
  }
}
