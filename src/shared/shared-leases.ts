import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Db, Dialect } from '../db/db.ts'
import { checkLeaseMs, isLapsed, isLeased, lapsedRanges, leaseFor } from '../db/lease.ts'
import { hasRow } from '../db/probe.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { readShared } from './read-shared.ts'

/** What keys of the shared state can be bound to: when it lapses or is revoked, they are gone, all at once. */
export interface SharedLease {
  id: string
  /** Who asked for it. */
  owner: string | undefined
  /** How long it lasts from its grant, and again from each {@link SharedState.keepAlive}, in milliseconds. */
  ttlMs: number
  grantedAt: Date
  /** How long it lasts unless it is kept alive. */
  remainingMs: number
}

export interface GrantLeaseOptions {
  /** How long it lasts without being kept alive: 1 ms to a day. Leases do not follow the wall clock. */
  ttlMs: number
  /** Default: an id made for it. */
  id?: string | undefined
  /** Who asks for it. Default: the handle's agent. */
  owner?: string | undefined
}

const leaseColumns = {
  id: 'text',
  owner: 'text?',
  ttl_ms: 'number',
  granted_at: 'time',
} as const satisfies Columns

type LeaseRow = RowOf<typeof leaseColumns> & { remaining_ms: number }

const stored = listOf(leaseColumns)

/** A grant, checked. */
interface Grant {
  id: string
  owner: string | undefined
  ttlMs: number
}

export function checkGrant(
  { ttlMs, id, owner }: GrantLeaseOptions,
  made: { id: string; owner: string | undefined },
): Grant {
  return {
    id: id === undefined ? made.id : checkName('id', id),
    owner: owner === undefined ? made.owner : checkName('owner', owner),
    // A caller without types may leave it out, which does not ask for a default.
    ttlMs: checkLeaseMs(ttlMs ?? Number.NaN, 'ttlMs'),
  }
}

/** The condition that a row of shared_state is there: it is bound to no lease, or to one that has not lapsed. */
export function isThere(dialect: Dialect): Sql {
  return sql`(lease_id is null or exists (
    select 1 from hivewax_leases where id = lease_id and ${isLeased(dialect)}))`
}

/** 1 when the removal of some lease's keys is due, else 0. It costs the same however many leases there are. */
export function anyLapsed(dialect: Dialect): Sql {
  const probe = (range: Sql) => hasRow(sql`hivewax_leases`, range, sql`lease_epoch, lease_until`)
  const probes = lapsedRanges(dialect).map(probe)
  return sql`case when ${join(probes, ' or ')} then 1 else 0 end`
}

/** How long until the next lease of this boot lapses, 0 or less when one has; null when there is none. */
export function nextLapse(dialect: Dialect): Sql {
  return sql`(select min(lease_until) from hivewax_leases where lease_epoch = ${dialect.leaseEpoch()})
    - ${dialect.leaseNow()}`
}

/** Deletes the leases that have lapsed and returns their ids. Their keys must go in the same transaction. */
export async function deleteLapsed(tx: Db): Promise<string[]> {
  const rows = await tx.all<{ id: string }>(
    sql`delete from hivewax_leases where ${isLapsed(tx.dialect)} returning id`,
  )
  return rows.map(({ id }) => id)
}

/** @throws Conflict when there is a lease of this id; a lapsed one must have been deleted before */
export async function insertLease(tx: Db, { id, owner, ttlMs }: Grant): Promise<SharedLease> {
  const { dialect } = tx
  const [row] = await tx.all<LeaseRow>(
    sql`insert into hivewax_leases (id, owner, ttl_ms, lease_until, lease_epoch, granted_at)
        values (${id}, ${owner}, ${ttlMs}, ${dialect.leaseNow()} + ${ttlMs}, ${dialect.leaseEpoch()},
                ${dialect.now()})
        on conflict (id) do nothing returning ${columns(dialect)}`,
  )
  if (row !== undefined) return fromRow(row)
  throw new Conflict(`there is a lease ${JSON.stringify(id)} already`, {
    hint: 'Keep it alive, revoke it, or grant one under another id.',
    details: { id },
  })
}

/** Lets a lease last for its whole length again, unless it has lapsed. */
export async function extendLease(db: Db, id: string): Promise<SharedLease> {
  const [row] = await db.all<LeaseRow>(
    sql`update hivewax_leases set ${leaseFor(db.dialect, sql`ttl_ms`)}
        where id = ${id} and ${isLeased(db.dialect)} returning ${columns(db.dialect)}`,
  )
  if (row !== undefined) return fromRow(row)
  throw noLease(id)
}

/** False when there is none. Its keys must go in the same transaction. */
export async function deleteLease(tx: Db, id: string): Promise<boolean> {
  return (await tx.all(sql`delete from hivewax_leases where id = ${id} returning id`)).length > 0
}

export async function findLease(db: Db, id: string): Promise<SharedLease | undefined> {
  const row = await readShared<LeaseRow>(
    db,
    sql`select ${columns(db.dialect)} from hivewax_leases where id = ${id} and ${isLeased(db.dialect)}`,
  )
  return row && fromRow(row)
}

/** Whether there is a lease. Only `tx` can end it until it commits, though it may lapse. */
export async function holdsLease(tx: Db, id: string): Promise<boolean> {
  const rows = await tx.all(
    sql`select id from hivewax_leases where id = ${id} and ${isLeased(tx.dialect)} ${tx.dialect.forShare}`,
  )
  return rows.length > 0
}

/** A lease to bind a key to. */
export async function requireLease(tx: Db, id: string): Promise<void> {
  if (!(await holdsLease(tx, id))) throw noLease(id)
}

export async function listLeases(db: Db, options: PageOptions): Promise<Page<SharedLease>> {
  const limit = pageLimit(options.limit)
  const [after = ''] = cursorPosition(options.cursor, 1) ?? []
  const rows = await db.all<LeaseRow>(
    sql`select ${columns(db.dialect)} from hivewax_leases
        where id > ${after} and ${isLeased(db.dialect)} order by id limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: fromRow, position: row => [row.id] })
}

function columns(dialect: Dialect): Sql {
  return sql`${stored}, lease_until - ${dialect.leaseNow()} as remaining_ms`
}

function noLease(id: string): NotFound {
  return new NotFound(`there is no lease ${JSON.stringify(id)}: it never was, has lapsed, or was revoked`, {
    hint: 'Grant a new one, then set its keys again.',
    details: { id },
  })
}

function fromRow(row: LeaseRow): SharedLease {
  return {
    id: row.id,
    owner: row.owner ?? undefined,
    ttlMs: row.ttl_ms,
    grantedAt: toDate(row.granted_at),
    remainingMs: row.remaining_ms,
  } satisfies FieldsOf<LeaseRow>
}
