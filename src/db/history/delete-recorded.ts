import { type Columns, listOf } from '../columns.ts'
import type { Db } from '../db.ts'
import { join, raw, type Sql, sql } from '../sql.ts'
import { type Versioned, type VersionedTable, versioned } from './versioned.ts'

/** The key of a record that was deleted, by column, and the revision that it had. */
type DeletedRow = Readonly<Record<string, string | number>>

/**
 * Runs a statement that deletes records and returns their keys and revisions, and notes who has deleted them, in one
 * transaction.
 */
export function deleteRecorded<R extends DeletedRow>(
  db: Db,
  table: VersionedTable,
  run: (tx: Db) => Promise<R[]>,
): Promise<R[]> {
  return db.transaction(async tx => {
    const rows = await run(tx)
    if (rows.length > 0) await tx.all(noteDeleted(tx, table, rows))
    return rows
  })
}

function noteDeleted(db: Db, table: VersionedTable, rows: readonly DeletedRow[]): Sql {
  const { history, key }: Versioned = versioned[table]
  const types: Columns = {
    ...Object.fromEntries(key.map(column => [column, 'text' as const])),
    revision: 'number' as const,
  }
  const noted = sql`update ${raw(history)} set deleted_by = ${db.author}, replaced_at = ${db.dialect.now()}`
  const [only, ...others] = rows
  if (only !== undefined && others.length === 0)
    return sql`${noted} where ${join(
      Object.keys(types).map(column => sql`${raw(column)} = ${only[column]}`),
      ' and ',
    )}`
  const names = listOf(types)
  return sql`${noted} where (${names}) in (select ${names} from ${db.dialect.valuesTable(types, rows)} as gone)`
}
