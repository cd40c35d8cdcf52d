import { checkInteger } from '../util/check.ts'
import type { Clock } from '../util/clock.ts'
import type { Dialect } from './db.ts'
import { type Sql, sql } from './sql.ts'

/** A lease, in the columns `lease_until` and `lease_epoch`: what gives a record to one holder for a while. */

/** How long claims of tasks, locks and workflow runs last unless their holder renews them, in milliseconds. */
export const defaultLeaseMs = 30_000

/** A day: longer leases would only make the death of a holder go unnoticed. */
const maxLeaseMs = 86_400_000

/** The checked length of a lease in milliseconds: 1 to a day. */
export function checkLeaseMs(leaseMs: number, what = 'leaseMs'): number {
  return checkInteger(what, leaseMs, 1, maxLeaseMs)
}

/** When a lease that begins now ends, for callers to know: by the wall clock, which does not decide it. */
export function leaseEnd(clock: Clock, leaseMs: number): Date {
  return new Date(clock.now() + leaseMs)
}

/** The assignments that give a row a lease from now on; its length may be a column. */
export function leaseFor(dialect: Dialect, leaseMs: number | Sql): Sql {
  return sql`lease_until = ${dialect.leaseNow()} + ${leaseMs}, lease_epoch = ${dialect.leaseEpoch()}`
}

/** Where a row has its lease, when not in `lease_until` and `lease_epoch`, or under rules of its own. */
export interface LeaseColumns {
  until?: Sql
  epoch?: Sql
  /** How long the row counts as leased after the lease, in milliseconds; by default not at all. */
  delayMs?: Sql
  /** The longest that its lease lasts, in milliseconds; default a day. */
  maxMs?: Sql | number
}

/**
 * How much further ahead than its length a lease may seem to reach, in milliseconds: a statement that looks at the
 * clock may wait for its turn while another one gives the lease.
 */
const slackMs = 3_600_000

/** Of rows that are found by an index on `lease_epoch, lease_until`. */
export const indexedLease: LeaseColumns = { until: sql`lease_until`, epoch: sql`lease_epoch` }

/**
 * The condition that a row's lease is held at this moment. One that reaches further than any lease lasts is
 * of an earlier boot, from which not every system tells this one apart. Without {@link indexedLease} it is in words that
 * no index has: a planner would rather read all leases, which it takes for few, than look up a row by its name.
 */
export function isLeased(dialect: Dialect, columns: LeaseColumns = {}): Sql {
  const {
    until = sql`lease_until + 0`,
    epoch = sql`coalesce(lease_epoch, '')`,
    delayMs,
    maxMs = maxLeaseMs,
  } = columns
  const end = delayMs === undefined ? until : sql`${until} + ${delayMs}`
  return sql`(${epoch} = ${dialect.leaseEpoch()} and ${end} > ${dialect.leaseNow()}
    and ${until} <= ${dialect.leaseNow()} + ${maxMs} + ${slackMs})`
}

/** The condition that a row's lease is not held: it has lapsed, was released, or never was taken. */
export function isLapsed(dialect: Dialect, columns: LeaseColumns = {}): Sql {
  return sql`${isLeased(dialect, columns)} is not true`
}

/**
 * {@link isLapsed} in ranges of an index on `lease_epoch, lease_until`: whether there is such a row is found out by
 * one probe for each, however many rows are leased.
 */
export function lapsedRanges(dialect: Dialect): Sql[] {
  const epoch = dialect.leaseEpoch()
  // A clock that is read once and for all can be looked up in an index.
  const now = sql`(select ${dialect.leaseNow()})`
  return [
    sql`lease_epoch = ${epoch} and lease_until <= ${now}`,
    sql`lease_epoch = ${epoch} and lease_until > ${now} + ${maxLeaseMs + slackMs}`,
    sql`lease_epoch < ${epoch}`,
    sql`lease_epoch > ${epoch}`,
    sql`lease_epoch is null`,
  ]
}
