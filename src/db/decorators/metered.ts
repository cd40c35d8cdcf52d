import type { Db, DbTransactionOptions, Executed, QueryOptions, Row } from '../db.ts'
import type { Meter } from '../meter.ts'
import { type Param, raw, type Sql } from '../sql.ts'
import { DbDecorator } from './db-decorator.ts'

/** The same database, with every statement timed as its caller sees it: waiting for the commit included. */
export class MeteredDb extends DbDecorator {
  readonly #meter: Meter

  constructor(inner: Db, meter: Meter) {
    super(inner)
    this.#meter = meter
  }

  override all<R extends object = Row>(query: Sql): Promise<R[]> {
    return this.#timed(query, performance.now(), this.inner.all<R>(query))
  }

  override transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    return this.inner.transaction(tx => fn(new MeteredDb(tx, this.#meter)), options)
  }

  override query(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]> {
    return this.#timedForeign(text, performance.now(), this.inner.query(text, params, options))
  }

  override execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.#timedForeign(text, performance.now(), this.inner.execute(text, params))
  }

  async #timed<T>(query: Sql, start: number, running: Promise<T>): Promise<T> {
    let failed = true
    try {
      const result = await running
      failed = false
      return result
    } finally {
      this.#meter.record(query, performance.now() - start, failed)
    }
  }

  /** Of a caller's own statement that fails nothing is kept: it may be anything, and is never looked into as ours are. */
  async #timedForeign<T>(text: string, start: number, running: Promise<T>): Promise<T> {
    const result = await running
    this.#meter.record(raw(text), performance.now() - start, false)
    return result
  }
}
