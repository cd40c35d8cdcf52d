import type { Db } from '../db/db.ts'
import { readInSlices, type Slice, type SlicesOptions } from '../db/slices.ts'
import { type Sql, sql } from '../db/sql.ts'

/** Rows by falling time and id, by an index on both. */
interface LatestFirst {
  table: Sql
  columns: Sql
  time: Sql
  id: Sql
  /** The condition that the index has. */
  served: Sql
  /** One that it does not have; undefined for none. */
  filter: Sql | undefined
}

/** A time as a row has it, and an id. */
type Key = readonly (string | number)[]

/** The first rows, latest first. */
export function readLatest<Row extends object>(
  db: Db,
  rows: LatestFirst,
  options: SlicesOptions<Key>,
): Promise<Row[]> {
  const { table, columns, time, id, served, filter } = rows
  const order = sql`order by ${time} desc, ${id} desc`
  const read = (slice: Slice<Key>, limit: number) =>
    db.all<Row>(
      sql`select ${columns} from ${table} where ${served} and ${within(rows, slice)} and ${filter ?? sql`1 = 1`}
          ${order} limit ${limit}`,
    )
  const { after, limit } = options
  if (filter === undefined) return read({ after, end: undefined }, limit)
  const endOf = async (key: Key | undefined, size: number): Promise<Key | undefined> => {
    const [row] = await db.all<{ time: string; id: string }>(
      sql`select ${time} as time, ${id} as id from ${table} where ${served} and ${within(rows, { after: key })}
          ${order} limit 1 offset ${size - 1}`,
    )
    return row && [row.time, row.id]
  }
  return readInSlices({ endOf, read }, options)
}

function within({ time, id }: LatestFirst, { after, end }: Partial<Slice<Key>>): Sql {
  const behind = after === undefined ? sql`1 = 1` : sql`(${time}, ${id}) < (${after[0]}, ${after[1]})`
  return end === undefined ? behind : sql`${behind} and (${time}, ${id}) >= (${end[0]}, ${end[1]})`
}
