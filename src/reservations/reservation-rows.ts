import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { indexedLease, isLapsed, isLeased, lapsedRanges, leaseFor } from '../db/lease.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { toDate } from '../util/time.ts'
import type { Reservation } from './reservations.ts'

/** A checked request for files. */
export interface ReservationRequest {
  globs: readonly string[]
  owner: string
  shared: boolean
  purpose: string | undefined
  leaseMs: number
}

const reservationColumns = {
  glob: 'text',
  owner: 'text',
  shared: 'number',
  purpose: 'text?',
  reserved_at: 'time',
} as const satisfies Columns

export type ReservationRow = RowOf<typeof reservationColumns> & { remaining_ms: number }

const stored = listOf(reservationColumns)

/**
 * The next token. Whoever reserves takes it first, and so one after the other until their transactions end: what one of
 * them reads of the others' reservations stays true for as long.
 */
export async function nextToken(tx: Db): Promise<number> {
  const floor = sql`(select value from hivewax_counters where name = 'floor')`
  const rows = await tx.all<{ value: number }>(
    sql`update hivewax_counters set value = 1 + case when value > ${floor} then value else ${floor} end
        where name = 'reservations' returning value`,
  )
  return theRow(rows).value
}

/** Removes what has lapsed. */
export async function removeLapsed(tx: Db): Promise<void> {
  for (const range of lapsedRanges(tx.dialect))
    await tx.all(sql`delete from hivewax_reservations where ${range}`)
}

/** Reservations that last at this moment, and meet a condition, by their globs. */
export async function lastingReservations(
  db: Db,
  { where, limit }: { where: Sql; limit?: number },
): Promise<ReservationRow[]> {
  const { dialect } = db
  const ending = limit === undefined ? sql`` : sql`limit ${limit}`
  return db.all<ReservationRow>(
    sql`select ${stored}, lease_until - ${dialect.leaseNow()} as remaining_ms from hivewax_reservations
        where ${isLeased(dialect, indexedLease)} and ${where} order by glob, owner ${ending}`,
  )
}

/** Writes down who has reserved what; of a glob that its owner has already, the new life and purpose count. */
export async function putReservations(tx: Db, token: number, request: ReservationRequest): Promise<void> {
  const { dialect } = tx
  const { globs, owner, shared, purpose, leaseMs } = request
  const rows = globs.map(glob => ({ glob }))
  await tx.all(
    sql`insert into hivewax_reservations (${stored}, token, lease_until, lease_epoch)
        select glob, ${owner}, ${Number(shared)}, ${purpose}, ${dialect.now()}, ${token},
          ${dialect.leaseNow()} + ${leaseMs}, ${dialect.leaseEpoch()}
        from ${dialect.valuesTable({ glob: 'text' }, rows)} as wanted where 1 = 1
        on conflict (glob, owner) do update set shared = excluded.shared, purpose = excluded.purpose,
          reserved_at = excluded.reserved_at, token = excluded.token, lease_until = excluded.lease_until,
          lease_epoch = excluded.lease_epoch`,
  )
}

/** The globs whose life a token's holder has prolonged: none once they are given back, have lapsed, or are reserved anew. */
export async function renewReservations(db: Db, token: number, leaseMs: number): Promise<string[]> {
  const rows = await db.all<{ glob: string }>(
    sql`update hivewax_reservations set ${leaseFor(db.dialect, leaseMs)}
        where token = ${token} and not ${isLapsed(db.dialect)} returning glob`,
  )
  return globsOf(rows)
}

/** The globs that were given back. */
export async function deleteReservations(tx: Db, which: readonly Sql[]): Promise<string[]> {
  const rows = await tx.all<{ glob: string }>(
    sql`delete from hivewax_reservations where ${join(which, ' and ')} and ${isLeased(tx.dialect)} returning glob`,
  )
  return globsOf(rows)
}

function globsOf(rows: readonly { glob: string }[]): string[] {
  return rows.map(({ glob }) => glob).sort()
}

export function fromRow(row: ReservationRow): Reservation {
  return {
    glob: row.glob,
    owner: row.owner,
    shared: row.shared === 1,
    purpose: row.purpose ?? undefined,
    reservedAt: toDate(row.reserved_at),
    remainingMs: row.remaining_ms,
  } satisfies FieldsOf<ReservationRow>
}
