import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { Duration } from '../util/duration.ts'
import { inBatches } from '../util/in-batches.ts'
import { beyond, endOfSlice, upTo } from './id-slices.ts'
import { isFinalStatus } from './task.ts'

export interface PruneTasksOptions {
  /** Tasks that ended longer ago than this: a length of time such as `30d`. */
  olderThan: Duration
}

/** Tasks that one transaction looks at: writers wait for no more than that. */
const batchSize = 1_000

/**
 * Deletes tasks that ended before a time, some at a time in order of id. Others hold on to none of them: what
 * waited for a task went on, or ended, in the transaction that ended it.
 */
export async function pruneTasks(db: Db, before: Sql | Date): Promise<number> {
  let after: string | undefined
  return inBatches(async () => {
    const at = { after, order: 'asc' } as const
    const end = await endOfSlice(db, at, batchSize)
    const rows = await db.all(
      sql`delete from tasks where ${beyond(at)} and ${upTo({ end, order: 'asc' })} and ${isFinalStatus} and completed_at < ${before}
          returning 1 as deleted`,
    )
    after = end
    return { count: rows.length, isLast: end === undefined }
  })
}
