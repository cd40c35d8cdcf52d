import { Busy } from '../errors.ts'

/** How many callers' buckets are kept; a caller that returns after long finds a full one. */
const maxBuckets = 10_000

interface Bucket {
  tokens: number
  atMs: number
}

/** A token bucket for each caller: `perSecond` on average, and as many at once. */
export class RateLimit {
  readonly #perSecond: number
  readonly #what: string
  readonly #buckets = new Map<string, Bucket>()

  /** @param what is limited, for the message */
  constructor(perSecond: number, what = 'requests') {
    this.#perSecond = perSecond
    this.#what = what
  }

  /** @throws Busy `rate_limited`, with the milliseconds to wait */
  take(caller: string, nowMs = performance.now()): void {
    const { tokens, atMs } = this.#buckets.get(caller) ?? { tokens: this.#perSecond, atMs: nowMs }
    const filled = Math.min(this.#perSecond, tokens + ((nowMs - atMs) / 1000) * this.#perSecond)
    this.#buckets.delete(caller)
    this.#buckets.set(caller, { tokens: filled >= 1 ? filled - 1 : filled, atMs: nowMs })
    this.#forget()
    if (filled >= 1) return
    const retryAfterMs = Math.ceil(((1 - filled) / this.#perSecond) * 1000)
    throw new Busy(
      `more than ${this.#perSecond} ${this.#what} a second`,
      { hint: `Try again in ${retryAfterMs} ms.`, details: { retryAfterMs } },
      'rate_limited',
    )
  }

  #forget(): void {
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > maxBuckets && oldest !== undefined) this.#buckets.delete(oldest)
  }
}
