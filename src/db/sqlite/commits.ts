import { Busy } from '../../errors.ts'
import { detached } from '../../util/detached.ts'
import type { Commits } from '../db.ts'

/** The shortest and the longest wait between two looks at the file, in milliseconds. */
const minWaitMs = 1
const maxWaitMs = 50

/** How many looks fit into the time since something was found: a thousandth of it is what news waits on average. */
const looksPerQuiet = 500

/**
 * The commits that a store has seen: its own at once; those of other processes by looking, for as long as somebody
 * waits, and the less often the longer none of those who wait has found anything. One timer serves them all.
 */
export class SqliteCommits implements Commits {
  readonly #version: () => unknown
  /** When each of those who wait was active last. */
  readonly #waiting = new Map<() => void, number>()
  #count = 0
  #latest: unknown
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0

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
    this.#lookBy(activeAt)
    return () => {
      if (this.#waiting.delete(wake) && this.#waiting.size === 0) this.#stop()
    }
  }

  /** Counts a commit, and wakes everybody who waits. */
  add(): void {
    this.#count++
    if (this.#waiting.size === 0) return
    this.#stop()
    const woken = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }

  /** Looks in time for one who was active then, or earlier, when that is planned already. */
  #lookBy(activeAt: number): void {
    const nowMs = performance.now()
    const waitMs = Math.min(Math.max((nowMs - activeAt) / looksPerQuiet, minWaitMs), maxWaitMs)
    if (this.#timer !== undefined && this.#dueAt <= nowMs + waitMs) return
    this.#stop()
    this.#dueAt = nowMs + waitMs
    this.#timer = detached(() => setTimeout(() => this.#look(), waitMs))
  }

  #look(): void {
    this.#timer = undefined
    const version = this.#ask()
    if (version !== this.#latest) {
      this.#latest = version
      this.add()
    }
    if (this.#waiting.size > 0) this.#lookBy(Math.max(...this.#waiting.values()))
  }

  /** A file that is busy may tell next time. Of any other trouble those who wait hear from their own reads. */
  #ask(): unknown {
    try {
      return this.#version()
    } catch (error) {
      return error instanceof Busy ? this.#latest : undefined
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
