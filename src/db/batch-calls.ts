import { Batcher } from '../util/batcher.ts'
import type { Semaphore } from '../util/semaphore.ts'
import type { Db } from './db.ts'

/** The handle whose calls these are. */
export interface Caller {
  readonly db: Db
  /** Has the handle closed only when this work has ended. */
  readonly untilDone: <T>(work: Promise<T>) => Promise<T>
}

export interface BatchedCalls<T, R> {
  /**
   * Does what several calls ask for, in one transaction.
   * @returns what each call returns, or the error that it throws
   */
  run: (items: T[]) => Promise<(R | Error)[]>
  /** How many rows a call is about. */
  weigh: (item: T) => number
  /**
   * For calls whose order does not matter: their large transactions may be under way together, each with a permit.
   * Without it small calls keep their order, and a large one is done alone.
   */
  permits?: Semaphore
}

/** From this weight on, a transaction is large: the way to the server and back is little of its time. */
const minLarge = 100

/**
 * A function that does a call in one transaction with those made while others are under way, where each statement is a
 * way to a server and back. Inside of a transaction, and in SQLite, whose writer shares commits itself, each call is
 * done by itself.
 */
export function batchCalls<T, R>(
  { db, untilDone }: Caller,
  { run, weigh, permits }: BatchedCalls<T, R>,
): (item: T) => Promise<R> {
  const alone = async (item: T) => {
    const [result] = await run([item])
    if (result instanceof Error) throw result
    return result as R
  }
  if (!db.supports.batching) return alone
  const overlap = permits && { permits, minWeight: minLarge }
  const batcher = new Batcher<T, R>({ run, weigh, ...(overlap && { overlap }) })
  return async item => {
    if (permits === undefined && weigh(item) >= minLarge) return alone(item)
    db.assertOutside()
    return untilDone(batcher.add(item))
  }
}
