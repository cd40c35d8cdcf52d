import { encodeAuthor, upkeep } from '../author.ts'
import type { Db, DbTransactionOptions } from '../db.ts'
import { DbDecorator } from './db-decorator.ts'

/** The database as the store itself uses it: what is written through it has no caller as its author. */
export class UpkeepDb extends DbDecorator {
  override readonly author = encodeAuthor(upkeep)

  override transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    return this.inner.transaction(tx => fn(new UpkeepDb(tx)), options)
  }
}
