import type { Dialect } from '../db/db.ts'
import { isLapsed, type LeaseColumns } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'

/** Pieces of statements on `agents`: liveness is computed where it is asked for, and never stored. */

/** An agent's life is a lease as long as its ttl. */
const agentLease: LeaseColumns = { until: sql`alive_until`, epoch: sql`alive_epoch`, maxMs: sql`ttl_ms` }

/** The condition that the agent sent no heartbeat for as long as its ttl. Without a ttl it never lapses. */
export function hasLapsed(dialect: Dialect): Sql {
  return sql`(ttl_ms is not null and ${isLapsed(dialect, agentLease)})`
}

/**
 * The condition of agents that may be alive: those whose lapse nobody has noticed, and those without a ttl. It is that of
 * an index.
 */
export const isPresent = sql`(lapsed_at is null or ttl_ms is null)`

/** The assignments of a heartbeat of an agent whose lapse nobody has noticed. */
export function heartbeatAssignments(dialect: Dialect): Sql {
  return sql`last_active = ${dialect.now()}, alive_until = ${dialect.leaseNow()} + ttl_ms,
    alive_epoch = ${dialect.leaseEpoch()}`
}

/** Those of a heartbeat that brings an agent back to life. */
export function revivalAssignments(dialect: Dialect): Sql {
  return sql`${heartbeatAssignments(dialect)}, lapsed_at = null`
}
