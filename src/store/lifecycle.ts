/** How long an open store lives: it is open, then closing while work under way ends, then closed. */
export class Lifecycle {
  readonly #ending = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()
  #isOpen = true

  /** Aborted when the store begins to close: calls handed in at that moment are still done. */
  get closing(): AbortSignal {
    return this.#ending.signal
  }

  /** True until the work under way has ended. */
  readonly isOpen = (): boolean => this.#isOpen

  /** Has the store closed only when this work has ended, as it must by itself soon after `closing` aborts. */
  readonly untilDone = <T>(work: Promise<T>): Promise<T> => {
    const done = work.catch(() => {}).finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
    return work
  }

  /** Resolves when no work is under way, and every call is refused from then on. */
  async end(): Promise<void> {
    this.#ending.abort()
    if (this.#underWay.size > 0) await Promise.all(this.#underWay)
    this.#isOpen = false
  }
}
