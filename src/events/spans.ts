import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import type { TimeSpan } from './filter.ts'
import type { Wanted } from './log.ts'

/** The last event of which it is known. */
const lastKnown = sql`(select value from hivewax_counters where name = 'tallied_events')`

/**
 * The next place at which an event of a span of time can be: of most of the log it is known between which times its events
 * were logged. Of the newest it is not, which are looked through.
 */
export async function skipSpans<W extends Wanted>(db: Db, { from, to }: TimeSpan, wanted: W): Promise<W> {
  if (from === undefined && to === undefined) return wanted
  const parts: Sql[] = []
  if (from !== undefined) parts.push(sql`latest >= ${from}`)
  if (to !== undefined) parts.push(sql`earliest < ${to}`)
  return wanted.order === 'asc'
    ? { ...wanted, after: await skipUp(db, parts, wanted.after ?? 0) }
    : { ...wanted, before: await skipDown(db, parts, wanted.before) }
}

/** In one statement: what is counted meanwhile would be known to the end of the log, and not to its spans. */
async function skipUp(db: Db, parts: readonly Sql[], after: number): Promise<number> {
  const where = join([sql`last_id > ${after}`, ...parts], ' and ')
  const rows = await db.all<{ next: number }>(
    sql`select coalesce(
          (select first_id - 1 from hivewax_event_spans where ${where} order by last_id limit 1), ${lastKnown}, 0) as next`,
  )
  return Math.max(after, theRow(rows).next)
}

async function skipDown(
  db: Db,
  parts: readonly Sql[],
  before: number | undefined,
): Promise<number | undefined> {
  if (before === undefined) return undefined
  const where = join([sql`first_id < ${before}`, ...parts], ' and ')
  const rows = await db.all<{ next: number }>(
    sql`select case when ${before} > coalesce(${lastKnown}, 0) + 1 then ${before} else coalesce(
          (select last_id + 1 from hivewax_event_spans where ${where} order by last_id desc limit 1), 0) end as next`,
  )
  return Math.min(before, theRow(rows).next)
}
