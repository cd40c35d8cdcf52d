import { Deadline, isTransient } from '../errors.ts'

/**
 * Renews a lease in the background, a third of its length after the last time, until it is stopped. The holder
 * trusts it for nine tenths of its length, counted from when it was asked for: the process that takes it over must not
 * meet a holder that has not noticed yet.
 */
export class Renewal {
  readonly #renew: () => Promise<unknown>
  readonly #leaseMs: number
  readonly #lost = new AbortController()
  #beat: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #ended = false
  #lastError: unknown

  /** Starts at once, with a lease that was given just now. */
  constructor(renew: () => Promise<unknown>, leaseMs: number) {
    this.#renew = renew
    this.#leaseMs = leaseMs
    this.#trustFrom(performance.now())
    this.#schedule()
  }

  /** Aborted when the lease could not be renewed in time, or was lost; its reason says why. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Ends the renewals, once the one under way is done. */
  async stop(): Promise<void> {
    this.#end()
    await this.#renewing
  }

  #schedule(): void {
    const attempt = () => {
      this.#renewing = this.#attempt()
    }
    this.#beat = setTimeout(attempt, this.#leaseMs / 3).unref()
  }

  async #attempt(): Promise<void> {
    const askedAt = performance.now()
    try {
      await this.#renew()
      if (!this.#ended) this.#trustFrom(askedAt)
    } catch (error) {
      this.#lastError = error
      if (!isTransient(error)) this.#lose(error)
    }
    if (!this.#ended) this.#schedule()
  }

  #trustFrom(startMs: number): void {
    clearTimeout(this.#deadline)
    // The process may have stood still for longer than that while it renewed.
    const leftMs = Math.max(0, startMs + 0.9 * this.#leaseMs - performance.now())
    this.#deadline = setTimeout(() => this.#lose(this.#lastError ?? this.#late()), leftMs).unref()
  }

  #lose(reason: unknown): void {
    this.#end()
    this.#lost.abort(reason)
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#beat)
    clearTimeout(this.#deadline)
  }

  #late(): Deadline {
    return new Deadline(`a lease of ${this.#leaseMs} ms was not renewed in time: the process was too busy`)
  }
}
