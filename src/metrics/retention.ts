import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { inBatches } from '../util/in-batches.ts'
import { endedBy, type Fold, foldMeasurements, foldWindows } from './rollup.ts'

/**
 * Rows that go in one statement, so that pruning millions holds up neither the event loop nor other writers.
 */
const rowsPerDelete = 2_000

type Signal = AbortSignal | undefined

/** Rolls up what `fold` says, a batch per transaction, and returns how many measurements that were. */
export async function foldMetrics(db: Db, fold: Fold, signal: Signal): Promise<number> {
  const measurements = await repeat(() => db.transaction(tx => foldMeasurements(tx, fold)), signal)
  await repeat(() => db.transaction(tx => foldWindows(tx, fold)), signal)
  return measurements
}

/** Deletes what was measured before a moment, rolled up or not, and returns how many measurements that were. */
export async function pruneMetrics(
  db: Db,
  { before, named }: { before: Date; named: Sql },
  signal: Signal,
): Promise<number> {
  const measurements = await repeat(async () => {
    const rows = await db.all(
      sql`delete from performance_metrics where id in (
            select id from performance_metrics where timestamp < ${before} and ${named}
            order by timestamp limit ${rowsPerDelete}
          ) returning id`,
    )
    return rows.length
  }, signal)
  const rolledUp = await repeat(async () => {
    const rows = await db.all<{ count: number }>(
      sql`delete from hivewax_metric_rollups where (metric_name, resolution, window_start, tags) in (
            select metric_name, resolution, window_start, tags from hivewax_metric_rollups
            where ${endedBy(before)} and ${named} limit ${rowsPerDelete}
          ) returning count`,
    )
    return rows.reduce((sum, { count }) => sum + count, 0)
  }, signal)
  await db.all(sql`delete from hivewax_metric_series where seen_on < ${dayOf(before)} and ${named}`)
  return measurements + rolledUp
}

/** The day in UTC, as text. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}

/** Calls a batch until it has nothing left to do or `signal` aborts, and adds up what it did. */
function repeat(batch: () => Promise<number>, signal: Signal): Promise<number> {
  return inBatches(async () => {
    const count = signal?.aborted ? 0 : await batch()
    return { count, isLast: count === 0 }
  })
}
