import type { Context } from '../context.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { follow } from '../db/follow.ts'
import { isLapsed, isLeased, type LeaseColumns, leaseFor } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { toDate } from '../util/time.ts'
import type { HeldLock, LockKey } from './locks.ts'

/** A checked request for a lock. */
export interface LockRequest {
  owner: string
  leaseMs: number
  delayMs: number
}

const lockColumns = {
  name: 'text',
  owner: 'text?',
  token: 'number',
  acquired_at: 'time',
} as const satisfies Columns

/** A lock with its holder. */
export type LockRow = RowOf<typeof lockColumns> & { remaining_ms: number }

/** All columns of a {@link LockRow} but how long it remains, which is another question each time. */
export const columns = listOf(lockColumns)

/** What keeps a lock from being free: its lease, and the delay after a lapse. */
const delayed: LeaseColumns = {
  until: sql`hivewax_locks.lease_until`,
  epoch: sql`hivewax_locks.lease_epoch`,
  delayMs: sql`hivewax_locks.delay_ms`,
}

export function checkKey({ name, token }: LockKey): LockKey {
  return { name: checkName('name', name), token: checkInteger('token', token, 0) }
}

/** The token of the new holder, or undefined when the lock is not free. */
export async function takeLock(db: Db, name: string, request: LockRequest): Promise<number | undefined> {
  const { dialect } = db
  const [row] = await db.all<{ token: number }>(
    sql`insert into hivewax_locks (name, owner, token, lease_until, lease_epoch, delay_ms, acquired_at)
        values (${name}, ${request.owner}, (select value + 1 from hivewax_counters where name = 'floor'),
                ${dialect.leaseNow()} + ${request.leaseMs}, ${dialect.leaseEpoch()}, ${request.delayMs}, ${dialect.now()})
        on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until,
          lease_epoch = excluded.lease_epoch, delay_ms = excluded.delay_ms, acquired_at = excluded.acquired_at,
          token = case when excluded.token > hivewax_locks.token then excluded.token
                  else hivewax_locks.token + 1 end
        where ${isLapsed(dialect, delayed)} returning token`,
  )
  return row?.token
}

/**
 * @returns its owner
 * @throws Conflict `stale_token` when it was released, or another holder has it since
 */
export async function renewLock(db: Db, key: LockKey, leaseMs: number): Promise<string> {
  const [row] = await db.all<{ owner: string }>(
    sql`update hivewax_locks set ${leaseFor(db.dialect, leaseMs)} where ${isHeldBy(key)} returning owner`,
  )
  if (row === undefined) throw stale(key)
  return row.owner
}

/** False when this token's holder does not have the lock any more. */
export async function freeLock(db: Db, key: LockKey): Promise<boolean> {
  const released = await db.all(
    sql`update hivewax_locks set owner = null, lease_until = null, lease_epoch = null
        where ${isHeldBy(key)} returning token`,
  )
  return released.length > 0
}

/** How often one who waits for a lock looks whether its holder is a dead agent, in milliseconds. */
const lapsesEveryMs = 500

/** Waits until a lock is free, or `signal` aborts: then this returns its holder, if it still has one. */
export async function untilFree(
  context: Context,
  name: string,
  signal: AbortSignal | undefined,
): Promise<HeldLock | undefined> {
  const { db } = context
  const look = async () => {
    const holder = await holderOf(db, name)
    if (holder === undefined) return { items: [true], cursor: 0, more: false }
    await context.crossDomain.releaseLapsed(context)
    return { items: [], cursor: 0, more: false, withinMs: Math.min(holder.remainingMs, lapsesEveryMs) }
  }
  for await (const _ of follow(db, look, { signal })) return undefined
  return holderOf(db, name)
}

/** The holder that keeps the lock from being free, and for how long, the delay after a lapse included. */
async function holderOf(db: Db, name: string): Promise<HeldLock | undefined> {
  const { dialect } = db
  const [row] = await db.all<LockRow>(
    sql`select ${columns}, lease_until + delay_ms - ${dialect.leaseNow()} as remaining_ms
        from hivewax_locks where name = ${name} and ${isLeased(dialect, delayed)}`,
  )
  return row && fromRow(row)
}

/** The condition that the lock was not released, and not taken over, though its lease may have lapsed. */
function isHeldBy({ name, token }: LockKey): Sql {
  return sql`name = ${name} and token = ${token} and lease_epoch is not null`
}

export function stale({ name, token }: LockKey): Conflict {
  return new Conflict(
    `token ${token} of lock ${JSON.stringify(name)} is stale: it was released, or has lapsed`,
    { hint: 'Stop what the lock protects, and acquire it again.', details: { name, token } },
    'stale_token',
  )
}

export function fromRow(row: LockRow): HeldLock {
  return {
    name: row.name,
    owner: row.owner ?? '',
    token: row.token,
    acquiredAt: toDate(row.acquired_at),
    remainingMs: row.remaining_ms,
  } satisfies FieldsOf<LockRow>
}
