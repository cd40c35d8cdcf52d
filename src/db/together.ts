import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { Busy } from '../errors.ts'
import { detached } from '../util/detached.ts'
import type { Turns } from './turns.ts'

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

export interface TogetherOptions<T, R> {
  /**
   * Does what several calls ask for, in one transaction.
   * @returns what each call returns, or the error that it throws
   */
  run: (items: T[]) => Promise<(R | Error)[]>
  /** What a call weighs; default 1. */
  weigh?: (item: T) => number
  /**
   * For calls whose order does not matter: their large transactions are under way two at a time, among all that share
   * the turns. Without it small calls keep their order, and a large one is done alone.
   */
  turns?: Turns
}

/** Calls that are done together weigh no more than this. */
const maxWeight = 1_000

/** From this weight on, a transaction is large: the way to the server and back is little of its time. */
const minLarge = 100

/**
 * Does in one transaction what is asked for while others are under way, where each statement is a way to a server and
 * back. Nobody is told before the commit, everybody of the own call only, and what fails together is tried alone.
 */
export class Together<T, R> {
  readonly #context: Context
  readonly #run: (items: T[]) => Promise<(R | Error)[]>
  readonly #weigh: (item: T) => number
  readonly #turns: Turns | undefined
  readonly #waiting: Waiting<T, R>[] = []
  #isDraining = false

  constructor(context: Context, { run, weigh = () => 1, turns }: TogetherOptions<T, R>) {
    this.#context = context
    this.#run = run
    this.#weigh = weigh
    this.#turns = turns
  }

  async do(item: T): Promise<R> {
    const { db, untilDone } = this.#context
    const isAlone = this.#turns === undefined && this.#weigh(item) >= minLarge
    if (db.assertOutside === undefined || isAlone) return this.#alone(item)
    db.assertOutside()
    return untilDone(
      new Promise<R>((resolve, reject) => {
        this.#waiting.push({ item, resolve, reject })
        if (!this.#isDraining) detached(() => this.#drain())
      }),
    )
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    // What is asked for in the same turn, or by those who just got their answers, goes along.
    for (await nextTurn(); this.#waiting.length > 0; await nextTurn()) {
      if (this.#turns !== undefined && this.#weight >= minLarge) await this.#begin(this.#turns)
      else await this.#settle(this.#take(maxWeight))
    }
    this.#isDraining = false
  }

  /** Begins a large transaction, and resolves while it is under way. */
  async #begin(turns: Turns): Promise<void> {
    const free = await turns.take()
    // Were all done at once who call in a loop, they would all call again at once, and the server rest meanwhile.
    const share = Math.max(this.#weight / free, minLarge)
    this.#settle(this.#take(Math.min(share, maxWeight))).finally(() => turns.give())
  }

  get #weight(): number {
    return this.#waiting.reduce((sum, { item }) => sum + this.#weigh(item), 0)
  }

  /** The first of those who wait, as many as weigh no more than this together; at least one. */
  #take(most: number): Waiting<T, R>[] {
    let weight = 0
    const end = this.#waiting.findIndex(({ item }, i) => {
      weight += this.#weigh(item)
      return i > 0 && weight > most
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  async #settle(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map(({ item }) => item))
      for (const [i, { resolve, reject }] of batch.entries()) {
        const result = results[i] as R | Error
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
    } catch (error) {
      // Who is to blame is told alone. A store that is busy, or away, is so for everybody.
      if (batch.length > 1 && !(error instanceof Busy)) for (const one of batch) await this.#settle([one])
      else for (const { reject } of batch) reject(error)
    }
  }

  async #alone(item: T): Promise<R> {
    const [result] = await this.#run([item])
    if (result instanceof Error) throw result
    return result as R
  }
}
