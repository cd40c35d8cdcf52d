import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { beyond, endOfSlice } from './list.ts'
import { isFinalStatus } from './task.ts'

/**
 * Deletes tasks that ended before a time, some at a time in order of id. Others hold on to none of them: what
 * waited for a task went on, or ended, in the transaction that ended it.
 */
export async function pruneTasks(db: Db, before: Sql | Date): Promise<number> {
  let deleted = 0
  for (let after: string | undefined; ; await nextTurn()) {
    const at = { after, order: 'asc' } as const
    const end = await endOfSlice(db, at)
    const upTo = end === undefined ? sql`1 = 1` : sql`id <= ${end}`
    const rows = await db.all(
      sql`delete from tasks where ${beyond(at)} and ${upTo} and ${isFinalStatus} and completed_at < ${before}
          returning 1 as deleted`,
    )
    deleted += rows.length
    if (end === undefined) return deleted
    after = end
  }
}
