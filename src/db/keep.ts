import type { Db, KeptTable, Row } from './db.ts'
import type { Sql } from './sql.ts'

/**
 * Runs a statement that reads or deletes records by their keys. Whether they are there, and what they are, then stays
 * true until a caller's transaction ends, also where others can write meanwhile.
 */
export function onRecords<R extends object = Row>(
  db: Db,
  table: KeptTable,
  keys: readonly (readonly string[])[],
  query: Sql,
): Promise<R[]> {
  // Mostly there is nothing to keep: the statement is then handed in at once.
  if (!db.supports.recordLocks || keys.length === 0) return db.all<R>(query)
  return db.all(db.dialect.keepRecords(table, keys)).then(() => db.all<R>(query))
}

/** As {@link onRecords}, of one record or none. */
export async function onRecord<R extends object = Row>(
  db: Db,
  table: KeptTable,
  key: string | readonly string[],
  query: Sql,
): Promise<R | undefined> {
  return (await onRecords<R>(db, table, [typeof key === 'string' ? [key] : key], query))[0]
}
