import type { ClaimedTask } from './task.ts'

/** Short tasks are claimed ahead: as many as will probably begin within this time, in milliseconds. */
const aheadMs = 20
const maxAhead = 500

/** How many tasks in a row must have been first attempts before any is claimed ahead. */
const minStreak = 8

/**
 * How fast a worker goes through its tasks, and so how many it should claim ahead. A process that dies takes an
 * attempt from all that it has claimed. What has not begun must not die of that, though its neighbour in the queue
 * kills one worker after the other: so only first attempts wait, and only if they are not the last.
 */
export class Pace {
  readonly #concurrency: number
  #averageMs: number | undefined
  #streak = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** A task has ended, so long after it began. */
  ended({ attempt }: ClaimedTask, tookMs: number): void {
    this.#averageMs = this.#averageMs === undefined ? tookMs : 0.8 * this.#averageMs + 0.2 * tookMs
    this.#streak = attempt === 1 ? this.#streak + 1 : 0
  }

  /** No task has begun for so long. */
  stalled(ms: number): void {
    this.#averageMs = this.#concurrency * ms
  }

  /** True when the task may wait for a slot. */
  mayWait({ attempt, maxAttempts }: ClaimedTask): boolean {
    if (attempt === 1 && maxAttempts > 1) return true
    this.#streak = 0
    return false
  }

  /** How many tasks should wait for a slot. */
  get ahead(): number {
    if (this.#averageMs === undefined || this.#streak < minStreak) return 0
    return Math.min(maxAhead, Math.floor((this.#concurrency * aheadMs) / Math.max(this.#averageMs, 0.01)))
  }
}
