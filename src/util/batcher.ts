import { setImmediate as nextTurn } from 'node:timers/promises'
import { Busy } from '../errors.ts'
import { outsideAsyncContext } from './outside-async-context.ts'
import type { Semaphore } from './semaphore.ts'

export interface BatcherOptions<T, R> {
  /**
   * Does a batch. When it rejects, nothing of the batch is done.
   * @returns for each item its result, or the error that its caller gets
   */
  run: (items: T[]) => Promise<(R | Error)[]>
  /** What an item weighs. Default 1. */
  weigh?: (item: T) => number
  /** A batch weighs no more than this, unless it is one item. Default 1,000. */
  maxWeight?: number
  /** Resolves when a batch has gathered. Default: at the next turn of the event loop. */
  gather?: () => Promise<unknown>
  /** Which batches may be under way together. Default: none, so that batches keep the order of the calls. */
  overlap?: Overlap
}

/** Batches whose order does not matter. */
export interface Overlap {
  /** A batch that weighs less waits for the one before it. Default 0. */
  minWeight?: number
  /** What each of them holds while it is under way, maybe in common with other batchers. Default: any number may be. */
  permits?: Semaphore
}

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/**
 * Does together what is asked for at one moment, or while a batch is under way. Each caller gets the result of its own
 * item only, when its batch is done. When a batch of several items fails, each is tried alone, in their order, so that
 * the error meets the item that caused it; but Busy is the store's and no item's, and rejects all of them at once. A
 * batch runs in no caller's asynchronous context, and keeps the process alive only by what it waits for.
 */
export class Batcher<T, R> {
  readonly #run: (items: T[]) => Promise<(R | Error)[]>
  readonly #weigh: (item: T) => number
  readonly #maxWeight: number
  readonly #gather: () => Promise<unknown>
  readonly #overlap: Overlap | undefined
  readonly #waiting: Waiting<T, R>[] = []
  #isDraining = false

  constructor({ run, weigh = () => 1, maxWeight = 1_000, gather = nextTurn, overlap }: BatcherOptions<T, R>) {
    this.#run = run
    this.#weigh = weigh
    this.#maxWeight = maxWeight
    this.#gather = gather
    this.#overlap = overlap
  }

  /** Resolves when the batch of this item is done. */
  add(item: T): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#isDraining) outsideAsyncContext(() => this.#drain())
    })
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    // What is asked for in the same turn, or by callers that have just got their results, goes along.
    for (await this.#gather(); this.#waiting.length > 0; await this.#gather()) {
      if (this.#overlap !== undefined && this.#weight >= (this.#overlap.minWeight ?? 0))
        await this.#begin(this.#overlap)
      else await this.#settle(this.#take(this.#maxWeight))
    }
    this.#isDraining = false
  }

  /** Begins a batch, and resolves while it is under way. */
  async #begin({ permits, minWeight = 0 }: Overlap): Promise<void> {
    if (permits === undefined) return void this.#settle(this.#take(this.#maxWeight))
    await permits.acquire()
    // Were all done at once that call in a loop, they would all call again at once, and the others rest meanwhile.
    const share = Math.max(this.#weight / (permits.free + 1), minWeight)
    this.#settle(this.#take(Math.min(share, this.#maxWeight))).finally(() => permits.release())
  }

  get #weight(): number {
    return this.#waiting.reduce((sum, { item }) => sum + this.#weigh(item), 0)
  }

  /** Takes from the front as many as weigh no more than this together; at least one. */
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
      if (batch.length > 1 && !(error instanceof Busy)) for (const one of batch) await this.#settle([one])
      else for (const { reject } of batch) reject(error)
    }
  }
}
