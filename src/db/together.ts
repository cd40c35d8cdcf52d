import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { Busy } from '../errors.ts'
import { detached } from '../util/detached.ts'

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
  /** What a call weighs; default 1. Those of more than 50 gain nothing by company. */
  weigh?: (item: T) => number
}

/** Calls that are done together weigh no more than this; so does one that is done alone. */
const maxWeight = 1_000
const maxShared = 50

/**
 * Does in one transaction what is asked for while another one is under way, where each statement is a way to a server
 * and back. Nobody is told before the commit, everybody of the own call only, and what fails together is tried alone.
 */
export class Together<T, R> {
  readonly #context: Context
  readonly #run: (items: T[]) => Promise<(R | Error)[]>
  readonly #weigh: (item: T) => number
  readonly #waiting: Waiting<T, R>[] = []
  #isDraining = false

  constructor(context: Context, { run, weigh = () => 1 }: TogetherOptions<T, R>) {
    this.#context = context
    this.#run = run
    this.#weigh = weigh
  }

  async do(item: T): Promise<R> {
    const { db, untilDone } = this.#context
    if (db.assertOutside === undefined || this.#weigh(item) > maxShared) return this.#alone(item)
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
      await this.#settle(this.#waiting.splice(0, this.#length()))
    }
    this.#isDraining = false
  }

  /** How many of those who wait fit into one transaction. */
  #length(): number {
    let weight = 0
    const end = this.#waiting.findIndex(({ item }) => {
      weight += this.#weigh(item)
      return weight > maxWeight
    })
    return end === -1 ? this.#waiting.length : end
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
