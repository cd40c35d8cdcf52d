import { indexedLease, type LeaseColumns } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { Released } from './agent-changes.ts'

/** What an agent can have under a lease. */
export type Leased = Exclude<keyof Released, 'topologies'>

/** Where leases of one kind are. */
export interface LeaseTable {
  readonly table: Sql
  readonly name: Sql
  readonly owner: Sql
  /** What must hold besides for the lease to count. */
  readonly where: Sql
  /** The fencing token of the last holder. */
  readonly token: Sql
  /** Where its lease is, when that leads to it sooner than its owner does. */
  readonly lease?: LeaseColumns
}

const always = sql`1 = 1`
const token = sql`token`
const owner = sql`owner`

/** Where the leases of agents are. All have the columns `lease_until` and `lease_epoch`. */
export const leaseTables: Record<Leased, LeaseTable> = {
  tasks: {
    table: sql`tasks`,
    name: sql`id`,
    owner: sql`assigned_to`,
    where: sql`status = 'running'`,
    token,
    lease: indexedLease,
  },
  locks: { table: sql`hivewax_locks`, name: sql`name`, owner, where: always, token, lease: indexedLease },
  reservations: { table: sql`hivewax_reservations`, name: sql`glob`, owner, where: always, token },
  // Shared by whoever binds keys to them: they have no tokens.
  leases: { table: sql`hivewax_leases`, name: sql`id`, owner, where: always, token: sql`0` },
  groups: { table: sql`hivewax_event_offsets`, name: sql`group_name`, owner, where: always, token },
  workflows: {
    table: sql`hivewax_workflow_runs`,
    name: sql`workflow_id`,
    owner,
    where: sql`status = 'open'`,
    token,
  },
}
