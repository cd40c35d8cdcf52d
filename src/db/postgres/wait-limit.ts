import { lockTimeout } from './timeouts.ts'

/** A call with more than this share of its time left has not waited for another one yet. */
const freshShare = 0.9

/** How long one call may wait for others: for a connection, for a lock, and for a server that is away. */
export class Wait {
  readonly timeoutMs: number
  /** Aborts when nobody waits for the call any more. */
  readonly signal: AbortSignal | undefined
  readonly #startedAt = performance.now()
  #countedFrom = this.#startedAt

  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.timeoutMs = timeoutMs
    this.signal = signal
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  get leftMs(): number {
    return Math.max(0, this.#countedFrom + this.timeoutMs - performance.now())
  }

  /** Since when it has waited for others than those of its own process who had their turn before it. */
  get countedFrom(): number {
    return this.#countedFrom
  }

  countFrom(time: number): void {
    this.#countedFrom = time
  }

  /** False while its statements may wait for locks as long as any statement of the connection. */
  get isUnderWay(): boolean {
    return this.leftMs <= freshShare * this.timeoutMs
  }

  /** Begins a transaction whose statements wait for a lock no longer than what is left. */
  get begin(): string {
    return this.isUnderWay ? `begin; set local ${lockTimeout(this.leftMs)}` : 'begin'
  }
}
