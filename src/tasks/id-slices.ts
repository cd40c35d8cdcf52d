import type { Db } from '../db/db.ts'
import { raw, type Sql, sql } from '../db/sql.ts'

/** Where a slice of all tasks begins, in the order of their ids, and which way it goes. */
export interface Place {
  after: string | undefined
  order: 'asc' | 'desc'
}

/** The condition of tasks behind a place. */
export function beyond({ after, order }: Place, id = sql`id`): Sql {
  // The documented table allows rows without an id, which are not tasks.
  if (after === undefined) return sql`${id} is not null`
  return order === 'asc' ? sql`${id} > ${after}` : sql`${id} < ${after}`
}

/** The condition of tasks up to the end of a slice. */
export function upTo({ end, order }: { end: string | undefined; order: Place['order'] }): Sql {
  if (end === undefined) return sql`1 = 1`
  return order === 'asc' ? sql`id <= ${end}` : sql`id >= ${end}`
}

/** The last id of the next slice of so many tasks, or of those that meet a condition; undefined when it is the last. */
export async function endOfSlice(
  db: Db,
  { where = sql`1 = 1`, ...at }: Place & { where?: Sql },
  size: number,
): Promise<string | undefined> {
  const [row] = await db.all<{ id: string }>(
    sql`select id from tasks where ${where} and ${beyond(at)}
        order by id ${raw(at.order)} limit 1 offset ${size - 1}`,
  )
  return row?.id
}
