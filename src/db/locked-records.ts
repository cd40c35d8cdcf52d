import type { Db, LockableTable, Row } from './db.ts'
import type { Sql } from './sql.ts'

/** Records of a table, by their keys. */
interface RecordKeys {
  table: LockableTable
  keys: readonly (readonly string[])[]
}

/** A record of a table, by its key. */
interface RecordKey {
  table: LockableTable
  key: string | readonly string[]
}

/**
 * `Db.all` of a statement that reads or deletes records by their keys, which a caller's transaction locks first: whether
 * they are there, and what they are, then stays true until it ends, also where other transactions can write meanwhile.
 */
export function allLocked<R extends object = Row>(
  db: Db,
  { table, keys }: RecordKeys,
  query: Sql,
): Promise<R[]> {
  // Mostly there is nothing to lock: the statement is then handed in at once.
  if (!db.supports.recordLocks || keys.length === 0) return db.all<R>(query)
  return db.all(db.dialect.lockKeys(table, keys)).then(() => db.all<R>(query))
}

/** As {@link allLocked}, of one record or none. */
export async function oneLocked<R extends object = Row>(
  db: Db,
  { table, key }: RecordKey,
  query: Sql,
): Promise<R | undefined> {
  return (await allLocked<R>(db, { table, keys: [typeof key === 'string' ? [key] : key] }, query))[0]
}
