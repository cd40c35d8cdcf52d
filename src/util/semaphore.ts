/**
 * Permits for what may be under way at once, given in the order of the calls: a permit that comes back goes to the
 * caller that has waited longest, and none that asks later overtakes it.
 */
export class Semaphore {
  readonly #permits: number
  #held = 0
  readonly #waiting: (() => void)[] = []
  readonly #untilIdle: (() => void)[] = []

  constructor(permits: number) {
    this.#permits = permits
  }

  /** How many permits are free. */
  get free(): number {
    return this.#permits - this.#held
  }

  /** True while every permit is free. */
  get isIdle(): boolean {
    return this.#held === 0
  }

  /** Resolves with a permit: {@link release} gives it back, once. */
  async acquire(): Promise<void> {
    if (!this.#take()) await this.#turn()
  }

  /** Gives a permit back. */
  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#held--
    else next()
    if (this.isIdle) for (const resolve of this.#untilIdle.splice(0)) resolve()
  }

  /** Runs `fn` with a permit: before this call returns when one is free. An error of `fn` gives it back too. */
  async run<T>(fn: () => T | Promise<T>): Promise<T> {
    if (!this.#take()) await this.#turn()
    try {
      return await fn()
    } finally {
      this.release()
    }
  }

  /** Resolves when every permit is free. */
  async idle(): Promise<void> {
    while (!this.isIdle) await new Promise<void>(resolve => this.#untilIdle.push(resolve))
  }

  #take(): boolean {
    if (this.free === 0) return false
    this.#held++
    return true
  }

  /** Resolves when a permit is handed over: it stays held in between. */
  #turn(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }
}
