import { Closed } from '../../errors.ts'
import type { Db, DbTransactionOptions, Executed, QueryOptions, Row } from '../db.ts'
import type { Param, Sql } from '../sql.ts'
import { DbDecorator } from './db-decorator.ts'

/** The same database for as long as `isOpen`: afterwards every call is refused, even if others still use it. */
export class ClosableDb extends DbDecorator {
  readonly #isOpen: () => boolean

  constructor(inner: Db, isOpen: () => boolean) {
    super(inner)
    this.#isOpen = isOpen
  }

  // No async functions here: each would cost every read a turn of the microtask queue.
  override all<R extends object = Row>(query: Sql): Promise<R[]> {
    return this.#isOpen() ? this.inner.all<R>(query) : Promise.reject(closed())
  }

  override transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    return this.#isOpen() ? this.inner.transaction(fn, options) : Promise.reject(closed())
  }

  override query(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]> {
    return this.#isOpen() ? this.inner.query(text, params, options) : Promise.reject(closed())
  }

  override execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.#isOpen() ? this.inner.execute(text, params) : Promise.reject(closed())
  }

  override version(): Promise<unknown> {
    return this.#isOpen() ? this.inner.version() : Promise.reject(closed())
  }
}

/** The error of whatever is asked of a handle after it was closed. */
export function closed(): Closed {
  return new Closed('this memory was closed', { hint: 'Open it again with openMemory().' })
}
