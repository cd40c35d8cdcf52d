import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger } from '../util/check.ts'
import { type Duration, durationMs } from '../util/duration.ts'
import { type BatchDone, inBatches } from '../util/in-batches.ts'
import { nthNewest, readBounds, readEvents } from './log.ts'

/** What to prune: exactly one of the two. */
export interface PruneOptions {
  /** Events older than this; a length of time such as `30d`. */
  olderThan?: Duration | undefined
  /** All but this many of the newest events. */
  keep?: number | undefined
}

/** Events deleted per transaction, so that no writer waits for long. */
const pruneSize = 1000

/** Deletes old events, oldest first; see `Events.prune`. */
export async function prune(db: Db, options: PruneOptions): Promise<{ deleted: number; floor: number }> {
  const last = await lastToPrune(db, options)
  const deleted = await inBatches(() => db.transaction(tx => pruneBatch(tx, last)))
  return { deleted, floor: (await readBounds(db)).floor }
}

/** The id up to which a prune deletes: everything before the first event to be kept. */
async function lastToPrune(db: Db, { olderThan, keep }: PruneOptions): Promise<number> {
  if ((olderThan === undefined) === (keep === undefined)) {
    throw new InvalidInput('pass either olderThan or keep', { hint: "For example { olderThan: '30d' }." })
  }
  if (olderThan === undefined) return (await nthNewest(db, checkInteger('keep', keep, 0))) ?? 0
  const from = db.dialect.now(-durationMs('olderThan', olderThan))
  const { head } = await readBounds(db)
  const [young] = await readEvents(db, { from }, { order: 'asc', limit: 1 })
  return young === undefined ? head : young.id - 1
}

/** Deletes the oldest events up to `last`, at most a batch, and raises the floor with them. */
async function pruneBatch(tx: Db, last: number): Promise<BatchDone> {
  const rows = await tx.all<{ id: number }>(
    sql`delete from events where id in (select id from events where id <= ${last} order by id limit ${pruneSize})
        returning id`,
  )
  const highest = rows.reduce((max, row) => Math.max(max, row.id), 0)
  await tx.all(
    sql`update hivewax_counters set value = ${highest} where name = 'events_floor' and value < ${highest}`,
  )
  await tx.all(sql`delete from hivewax_event_spans where last_id <= ${highest}`)
  // The hash of the last one stays: the chain of those that are left hangs on it.
  await tx.all(
    sql`delete from hivewax_event_hashes
        where event_id < (select max(event_id) from hivewax_event_hashes where event_id <= ${highest})`,
  )
  return { count: rows.length, isLast: rows.length < pruneSize }
}
