import type { Db } from '../db/db.ts'
import { oneLocked } from '../db/locked-records.ts'
import type { Sql } from '../db/sql.ts'

/**
 * Reads a row of shared state. In a caller's transaction it takes the turn that all changes take, so that what it read
 * is still true when it changes something.
 */
export function readShared<R extends object>(db: Db, query: Sql): Promise<R | undefined> {
  return oneLocked<R>(db, { table: 'hivewax_counters', key: 'shared_revision' }, query)
}
