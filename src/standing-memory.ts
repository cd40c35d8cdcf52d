import type { Memory } from './memory.ts'

/** The memory that a door serves, which may be another one by the next call. */
export interface Served {
  /** The memory of the moment. */
  present(): Promise<Memory>
  /** Runs a call of a client on it. */
  call<T>(run: (memory: Memory) => Promise<T>): Promise<T>
}

/** What a door serves that was given one memory for good. */
export function served(given: Memory | Served): Served {
  if ('call' in given) return given
  return { present: async () => given, call: run => run(given) }
}

interface StandingOptions {
  readonly open: () => Promise<Memory>
  /** Is called when the memory was opened anew, with it, and with why. */
  readonly onReopened: (memory: Memory, why: unknown) => void
}

/**
 * The memory of a process that serves it for long. When its store was deleted or replaced, whoever finds out gets the
 * error, and so does all that is under way on it; the next call finds what a restart would have found: the store that
 * is there by then, or a new one. Nothing of the old one goes with it, no lease and no token.
 */
export class StandingMemory implements Served {
  readonly #options: StandingOptions
  #present: Promise<Memory> | undefined
  #callsUnderWay = 0
  /** Why the memory before was given up. */
  #why: unknown
  /** True while no client has heard of it: then the next one does, since what it believes to be stored is not. */
  #isUnheard = false

  private constructor(options: StandingOptions) {
    this.#options = options
  }

  /** Opens it for the first time. */
  static async open(options: StandingOptions): Promise<StandingMemory> {
    const standing = new StandingMemory(options)
    await standing.present()
    return standing
  }

  /** @throws what opening it anew throws; the next call tries again */
  async present(): Promise<Memory> {
    this.#present ??= this.#open()
    const opening = this.#present
    try {
      return await opening
    } catch (error) {
      if (this.#present === opening) this.#present = undefined
      throw error
    }
  }

  async call<T>(run: (memory: Memory) => Promise<T>): Promise<T> {
    const memory = await this.present()
    if (this.#isUnheard) {
      this.#isUnheard = false
      throw this.#why
    }
    this.#callsUnderWay++
    try {
      return await run(memory)
    } finally {
      this.#callsUnderWay--
    }
  }

  async close(): Promise<void> {
    // One that did not open has told its callers, and there is nothing to close.
    const memory = await this.#present?.catch(() => undefined)
    await memory?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #open(): Promise<Memory> {
    const memory = await this.#options.open()
    memory.on('store_gone', why => this.#giveUp(why))
    if (this.#why !== undefined) this.#options.onReopened(memory, this.#why)
    return memory
  }

  #giveUp(why: unknown): void {
    this.#present = undefined
    this.#why = why
    this.#isUnheard = this.#callsUnderWay === 0
  }
}
