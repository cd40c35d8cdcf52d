/** How many may be under way at a time: of all callers together, and of each of them. */
interface SlotLimits {
  readonly all: number
  readonly each: number
}

/**
 * Slots for what may be under way at once. Callers that wait take turns, however much each of them asks for: who comes
 * with one call does not wait for all that another one came with before.
 */
export class FairSlots {
  readonly #limits: SlotLimits
  readonly #taken = new Map<string, number>()
  #count = 0
  /** Who waits, by caller; the caller whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(limits: SlotLimits) {
    this.#limits = limits
  }

  /** How many slots are taken. */
  get taken(): number {
    return this.#count
  }

  /**
   * Resolves with what gives the slot back, to be called once.
   * @throws the reason of `signal`, when it aborts before there is a slot
   */
  async take(caller: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#isFree(caller)) this.#add(caller, 1)
    else await this.#turn(caller, signal)
    return () => {
      this.#add(caller, -1)
      this.#handOver()
    }
  }

  #isFree(caller: string): boolean {
    return this.#count < this.#limits.all && (this.#taken.get(caller) ?? 0) < this.#limits.each
  }

  #add(caller: string, change: 1 | -1): void {
    const taken = (this.#taken.get(caller) ?? 0) + change
    this.#count += change
    if (taken === 0) this.#taken.delete(caller)
    else this.#taken.set(caller, taken)
  }

  /** Resolves when a slot was handed over: it stays taken in between. */
  async #turn(caller: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      this.#forget(caller, resolve)
      reject(signal?.reason)
    }
    this.#waiting.set(caller, [...(this.#waiting.get(caller) ?? []), resolve])
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  #forget(caller: string, resolve: () => void): void {
    const others = this.#waiting.get(caller)?.filter(each => each !== resolve) ?? []
    if (others.length === 0) this.#waiting.delete(caller)
    else this.#waiting.set(caller, others)
  }

  /** Gives the free slots to those whose turn it is; a caller that got one is the last in turn. */
  #handOver(): void {
    for (const [caller, [next, ...others]] of [...this.#waiting]) {
      if (next === undefined || !this.#isFree(caller)) continue
      this.#add(caller, 1)
      this.#waiting.delete(caller)
      if (others.length > 0) this.#waiting.set(caller, others)
      next()
    }
  }
}
