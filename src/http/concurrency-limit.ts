import { Busy } from '../errors.ts'

/** How many may be taken at a time. */
export interface ConcurrencyBounds {
  readonly all: number
  readonly perCaller: number
}

/** Counts what is under way, so that neither one caller nor all of them together can take up everything. */
export class ConcurrencyLimit {
  readonly #what: string
  readonly #limits: ConcurrencyBounds
  readonly #taken = new Map<string, number>()
  #count = 0

  /** @param what is limited, for the message */
  constructor(what: string, limits: ConcurrencyBounds) {
    this.#what = what
    this.#limits = limits
  }

  /**
   * Takes a slot, and returns what gives it back.
   * @throws Busy: `rate_limited` when the caller has as many as it may
   */
  take(caller: string): () => void {
    const { all, perCaller } = this.#limits
    const own = this.#taken.get(caller) ?? 0
    if (own >= perCaller) throw full(`you have ${own} ${this.#what} already`, 'rate_limited')
    if (this.#count >= all) throw full(`the server has ${this.#count} ${this.#what} already`, 'busy')
    this.#add(caller, 1)
    let isTaken = true
    return () => {
      if (isTaken) this.#add(caller, -1)
      isTaken = false
    }
  }

  #add(caller: string, change: 1 | -1): void {
    const own = (this.#taken.get(caller) ?? 0) + change
    this.#count += change
    if (own === 0) this.#taken.delete(caller)
    else this.#taken.set(caller, own)
  }
}

function full(what: string, code: 'busy' | 'rate_limited'): Busy {
  const details = { retryAfterMs: 1000 }
  return new Busy(what, { hint: 'Try again when one has ended.', details }, code)
}
