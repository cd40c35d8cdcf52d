import type { Row } from '../../src/db/db.ts'
import { DbDecorator } from '../../src/db/decorators/db-decorator.ts'
import type { Sql } from '../../src/db/sql.ts'

/** A database that holds up reads of where the log of events, or the history of shared state, ends. */
export class HeldDb extends DbDecorator {
  /** True once a read was to go before later writes. */
  isReadingFirst = false
  readonly #held = Promise.withResolvers<void>()

  /** Lets the reads through, when a write may have overtaken them: it was stored, unless it has to wait for them. */
  async releaseAfter(written: Promise<unknown>): Promise<void> {
    if (!this.isReadingFirst) await written
    this.#held.resolve()
  }

  override async all<R extends object = Row>(query: Sql): Promise<R[]> {
    if (query.strings[0]?.startsWith('select value')) await this.#held.promise
    return super.all<R>(query)
  }

  override readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    this.isReadingFirst = true
    return super.readBeforeWrites(read)
  }
}
