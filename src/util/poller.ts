import { outsideAsyncContext } from './outside-async-context.ts'

/** How often to look for something, depending on how long ago something was found. Times are in milliseconds. */
export interface Backoff {
  /** The shortest and the longest pause between two looks. */
  readonly minMs: number
  readonly maxMs: number
  /** How many looks fit into the time since something was found: news waits for half a share of it on average. */
  readonly looksPerQuiet: number
}

/**
 * The pause before the next look.
 * @param activeAt when something was found, on the clock of `performance`
 */
export function pauseMs({ minMs, maxMs, looksPerQuiet }: Backoff, activeAt: number): number {
  return Math.min(Math.max((performance.now() - activeAt) / looksPerQuiet, minMs), maxMs)
}

/** Milliseconds until the next look, or undefined for none. */
type Pause = number | undefined

/**
 * Looks at something again and again. A look never begins before the one before it has ended. The timer runs in nobody's
 * asynchronous context and keeps no process alive.
 */
export class Poller {
  readonly #look: () => Pause | Promise<Pause>
  #timer: NodeJS.Timeout | undefined
  /** When the next look is due, on the clock of `performance`. */
  #dueAt = Number.POSITIVE_INFINITY
  #isLooking = false
  #looked: Promise<void> | undefined
  #isStopped = false

  /**
   * @param look returns in how many milliseconds to look again; undefined when only {@link within} says so. It deals
   *   with its errors itself.
   */
  constructor(look: () => Pause | Promise<Pause>) {
    this.#look = look
  }

  /** Has the next look begin in `ms` at the latest: one that is due earlier stays so. */
  within(ms: number): void {
    const dueAt = performance.now() + ms
    if (dueAt >= this.#dueAt) return
    this.#dueAt = dueAt
    if (!this.#isLooking) this.#arm(ms)
  }

  /**
   * Plans no further look, until {@link within} is called.
   * @returns resolves when the look under way has ended
   */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#isStopped = true
    await this.#looked
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = outsideAsyncContext(() => setTimeout(() => this.#begin(), ms).unref())
  }

  #begin(): void {
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#isLooking = true
    this.#isStopped = false
    const pause = this.#look()
    // One that needs no await ends in the turn of its timer.
    if (pause instanceof Promise) this.#looked = pause.then(ms => this.#end(ms))
    else this.#end(pause)
  }

  #end(pause: Pause): void {
    if (pause !== undefined && !this.#isStopped) this.within(pause)
    this.#isLooking = false
    if (this.#dueAt < Number.POSITIVE_INFINITY) this.#arm(Math.max(0, this.#dueAt - performance.now()))
  }
}
