import { HivewaxError } from '../errors.ts'
import { detached } from '../util/detached.ts'

/** How often somebody who waits for lapses looks for them, in milliseconds. */
const everyMs = 500

/** Does something again and again until it is stopped, or fails in a way that trying again cannot help. */
export class Patrol {
  readonly #round: () => Promise<unknown>
  readonly #failed = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(round: () => Promise<unknown>) {
    this.#round = round
    detached(() => void this.#run())
  }

  /** Aborted by a failure; its reason says why. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    try {
      await this.#round()
    } catch (error) {
      if (!(error instanceof HivewaxError && error.retryable)) {
        this.stop()
        this.#failed.abort(error)
      }
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#run(), everyMs).unref()
  }
}
