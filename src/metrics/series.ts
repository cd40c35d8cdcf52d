import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'

/** A metric with one combination of tags, in the text of its column. */
export interface Series {
  name: string
  tags: string
}

/** As many as a summary has groups at most. */
const maxSeriesPerMetric = 10_000

const rowsPerInsert = 100

/**
 * Notes on what day each series was last recorded, within `tx`.
 * @throws InvalidInput `too_large` when a metric would have more than 10,000 combinations of tags
 */
export async function admitSeries(tx: Db, series: readonly Series[], day: string): Promise<void> {
  const distinct = new Map(series.map(one => [JSON.stringify([one.name, one.tags]), one]))
  const fresh = new Set<string>()
  for (const some of chunks([...distinct.values()], rowsPerInsert)) {
    const rows = await tx.all<{ name: string }>(
      sql`insert into hivewax_metric_series (metric_name, tags, seen_on)
          values ${join(some.map(({ name, tags }) => sql`(${name}, ${tags}, ${day})`))}
          on conflict (metric_name, tags) do update set seen_on = excluded.seen_on
          where hivewax_metric_series.seen_on < excluded.seen_on
          returning metric_name as name`,
    )
    for (const { name } of rows) fresh.add(name)
  }
  for (const name of fresh) await checkCount(tx, name)
}

async function checkCount(tx: Db, name: string): Promise<void> {
  const { count } = theRow(
    await tx.all<{ count: number }>(
      sql`select count(*) as count from hivewax_metric_series where metric_name = ${name}`,
    ),
  )
  if (count <= maxSeriesPerMetric) return
  throw new InvalidInput(
    `metric ${describe(name)} would have more than ${maxSeriesPerMetric} combinations of tags`,
    {
      hint: 'Leave out of the tags what differs with every measurement, such as an id; or prune old measurements.',
      details: { name, limit: maxSeriesPerMetric },
    },
    'too_large',
  )
}
