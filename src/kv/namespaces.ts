import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'

/** How many live records a namespace holds. */
export interface NamespaceCount {
  namespace: string
  count: number
}

/** A name as it was found; `isLast` is 1 where there are none behind it. */
interface Found extends NamespaceCount {
  isLast: number
}

/** The first namespaces behind a name that hold live records, by name. */
export async function countNamespaces(db: Db, after: string, limit: number): Promise<NamespaceCount[]> {
  const found: NamespaceCount[] = []
  for (let from = after; ; ) {
    const rows = await readCounts(db, from, limit)
    for (const { namespace, count } of rows) if (count > 0) found.push({ namespace, count })
    const last = rows.at(-1)
    if (found.length >= limit) return found.slice(0, limit)
    if (last === undefined || last.isLast === 1) return found
    from = last.namespace
  }
}

/**
 * The counts that are kept of the first `limit` names, with those of newer records, and without those of records that have
 * expired and were not removed yet. Names with no live record are among them.
 */
function readCounts(db: Db, after: string, limit: number): Promise<Found[]> {
  const { tallies, now } = db.dialect
  const isWithin = sql`part > ${after} and (last is null or part <= last)`
  const expired = sql`select coalesce(namespace, '') as part, -1 as amount from memory_store where expires_at <= ${now()}`
  return db.all<Found>(
    sql`with kept as materialized (
          select part, amount from hivewax_tallies
          where source = 'memory_store' and part > ${after} order by part limit ${limit}),
        page as materialized (select case when count(*) = ${limit} then max(part) end as last from kept)
        select part as namespace, sum(amount) as count, case when last is null then 1 else 0 end as "isLast"
        from page, (
          select part, amount from kept
          union all select part, amount from (${tallies.fresh('memory_store')}) as fresh, page where ${isWithin}
          union all select part, amount from (${expired}) as expired, page where ${isWithin}) as counts
        group by part, last order by part`,
  )
}
