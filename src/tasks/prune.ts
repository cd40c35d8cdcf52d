import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { isFinalStatus } from './task.ts'

/** Tasks that one transaction looks at, so that it holds nobody up. */
const sliceSize = 1_000

/**
 * Deletes tasks that ended before a time, some at a time in order of id. Others hold on to none of them: what
 * waited for a task went on, or ended, in the transaction that ended it.
 */
export async function pruneTasks(db: Db, before: Sql | Date): Promise<number> {
  let deleted = 0
  for (let after = ''; ; await nextTurn()) {
    const end = await endOfSlice(db, after)
    const upTo = end === undefined ? sql`1 = 1` : sql`id <= ${end}`
    const rows = await db.all(
      sql`delete from tasks where id > ${after} and ${upTo} and ${isFinalStatus} and completed_at < ${before}
          returning 1 as deleted`,
    )
    deleted += rows.length
    if (end === undefined) return deleted
    after = end
  }
}

async function endOfSlice(db: Db, after: string): Promise<string | undefined> {
  const [row] = await db.all<{ id: string }>(
    sql`select id from tasks where id > ${after} order by id limit 1 offset ${sliceSize - 1}`,
  )
  return row?.id
}
