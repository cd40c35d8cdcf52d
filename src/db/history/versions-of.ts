import { verified } from '../checksums.ts'
import type { Db } from '../db.ts'
import { join, raw, type Sql, sql } from '../sql.ts'
import { ofVersions, type VersionRow } from './version.ts'
import { type Versioned, type VersionedTable, versioned } from './versioned.ts'

/** A record of a versioned table, by its key in the order of the table's. */
export interface RecordKey<T extends VersionedTable = VersionedTable> {
  readonly table: T
  readonly key: readonly string[]
}

/** What stands in a record for the columns that only versions have. */
const present: Readonly<Record<string, string>> = {
  replaced_at: 'null',
  deleted: '0',
  deleted_by: 'null',
  gone_at: 'null',
  gone_by: 'null',
}

/** The records of a table and what they held before, as one table `versions`. */
function allVersions(table: VersionedTable): Sql {
  const { history, key, content }: Versioned = versioned[table]
  const columns = [...key, ...Object.keys(content), ...Object.keys(ofVersions)]
  const now = columns.map(column => (column in present ? `${present[column]} as ${column}` : column))
  return raw(
    `(select ${now.join(', ')} from ${table} union all select ${columns.join(', ')} from ${history}) as versions`,
  )
}

/** The condition on a row of a record, or of one of its versions. */
export function isRecord({ table, key }: RecordKey): Sql {
  return join(
    versioned[table].key.map((column, i) => sql`${raw(column)} = ${key[i]}`),
    ' and ',
  )
}

/** The condition on a version that its time to live is not over by now. */
export function unexpired(db: Db, table: VersionedTable): Sql {
  return 'expires_at' in versioned[table].content
    ? sql`(expires_at is null or expires_at > ${db.dialect.now()})`
    : sql`1 = 1`
}

/** The first versions of a record that meet a condition, in the order of their numbers or the other way round. */
export async function versionsOf<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
  { where, order = 'desc', limit }: { where: Sql; order?: 'asc' | 'desc'; limit: number },
): Promise<VersionRow<T>[]> {
  const { table, key } = record
  const rows = await db.all<VersionRow<T>>(
    sql`select * from ${allVersions(table)}
        where ${isRecord(record)} and ${where} and ${unexpired(db, table)}
        order by revision ${raw(order)} limit ${limit}`,
  )
  const named = Object.fromEntries(versioned[table].key.map((column, i) => [column, key[i]]))
  return rows.map(row => verified(versioned[table].history, row, named))
}

/** All versions of a record that its history has, latest first. */
export function allVersionsOf<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
): Promise<VersionRow<T>[]> {
  return versionsOf(db, record, { where: sql`1 = 1`, limit: Number.MAX_SAFE_INTEGER })
}
