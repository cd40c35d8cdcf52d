import type { Db } from '../db.ts'
import type { Slice } from '../slices.ts'
import { join, raw, type Sql, sql } from '../sql.ts'

/** The key of a record, in the order of its table's. */
export type Key = readonly string[]

/** The condition that a row is in a slice of its table, in the order of the columns of its key. */
export function isInSlice(columns: Key, { after, end }: Slice<Key>): Sql {
  const key = raw(`(${columns.join(', ')})`)
  const parts = [sql`1 = 1`]
  if (after !== undefined) parts.push(sql`${key} > (${join(after)})`)
  if (end !== undefined) parts.push(sql`${key} <= (${join(end)})`)
  return join(parts, ' and ')
}

/** See `Sliced.endOf`, of the rows of a table that meet a condition. */
export async function endOfSlice(
  db: Db,
  { table, columns, where = sql`1 = 1` }: { table: string; columns: Key; where?: Sql },
  { after, size }: { after: Key | undefined; size: number },
): Promise<Key | undefined> {
  const key = raw(columns.join(', '))
  const [row] = await db.all<Record<string, string>>(
    sql`select ${key} from ${raw(table)} where ${isInSlice(columns, { after, end: undefined })} and ${where}
        order by ${key} limit 1 offset ${size - 1}`,
  )
  return row && keyOf(columns, row)
}

/** The key of a row. */
export function keyOf(columns: Key, row: Readonly<Record<string, string>>): Key {
  return columns.map(column => row[column] ?? '')
}
