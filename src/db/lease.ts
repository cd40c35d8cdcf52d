import { checkInteger } from '../util/check.ts'
import type { Dialect } from './db.ts'
import { type Sql, sql } from './sql.ts'

/** A lease, in the columns `lease_until` and `lease_epoch`: what gives somebody a record for a while. */

/** How long a lease lasts unless its holder renews it, in milliseconds. */
const defaultLeaseMs = 30_000

/** A day: longer leases would only make the death of a holder go unnoticed. */
const maxLeaseMs = 86_400_000

/** The checked length of a lease in milliseconds: 1 to a day, default 30,000. */
export function checkLeaseMs(leaseMs: number | undefined, what = 'leaseMs'): number {
  return leaseMs === undefined ? defaultLeaseMs : checkInteger(what, leaseMs, 1, maxLeaseMs)
}

/** The assignments that give a row a lease from now on; its length may be a column. */
export function leaseFor(dialect: Dialect, leaseMs: number | Sql): Sql {
  return sql`lease_until = ${dialect.leaseNow()} + ${leaseMs}, lease_epoch = ${dialect.leaseEpoch()}`
}

/** The condition that somebody holds a row's lease at this moment. */
export function isLeased(dialect: Dialect): Sql {
  return sql`(lease_epoch = ${dialect.leaseEpoch()} and lease_until > ${dialect.leaseNow()})`
}
