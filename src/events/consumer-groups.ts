import type { Db } from '../db/db.ts'
import { isLapsed, isLeased, leaseFor } from '../db/lease.ts'
import { oneLocked } from '../db/locked-records.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { bounds } from './log.ts'

/** How far a group of consumers has got. */
export interface ConsumerGroup {
  group: string
  /** The id of the last event that was handled. */
  position: number
  /** How many ids the log is ahead of it, whatever the types of those events. */
  lag: number
  /** Who gets the group's events at present; undefined when no consumer does. */
  consumer: string | undefined
  /** When the position was last moved. */
  updatedAt: Date
}

/** A group with the token by which a consumer proves to hold it. */
export interface GroupKey {
  group: string
  token: number
}

/** Which consumer asks for the events of which group. */
export interface GroupRequest {
  group: string
  consumer: string
  leaseMs: number
}

/** The events of a group as they are given to a consumer: those after `position`. */
export interface TakenGroup {
  token: number
  position: number
}

interface GroupRow {
  group_name: string
  position: number
  lag: number
  consumer: string | null
  updated_at: string
}

/** Notes a group that there is not yet, so that it misses nothing that comes after `start`. */
export async function noteGroup(db: Db, group: string, start: number): Promise<void> {
  await db.all(
    sql`insert into hivewax_event_offsets (group_name, position, updated_at)
        values (${group}, ${start}, ${db.dialect.now()})
        on conflict (group_name) do nothing`,
  )
}

/**
 * Gives the events of a group to a consumer, with a token that no consumer had before.
 * @param start where a group begins that there is not (any more)
 * @returns how long another consumer has them at least, when one does
 */
export async function takeGroup(
  db: Db,
  { group, consumer, leaseMs }: GroupRequest,
  start: number,
): Promise<TakenGroup | { remainingMs: number }> {
  // Reads first: a consumer that stands by looks often, and must not queue with writers.
  const [found] = await db.all<{ remaining_ms: number | null }>(
    sql`select case when ${isLeased(db.dialect)} then lease_until - ${db.dialect.leaseNow()} end as remaining_ms
        from hivewax_event_offsets where group_name = ${group}`,
  )
  if (found !== undefined && found.remaining_ms !== null) return { remainingMs: found.remaining_ms }
  if (found === undefined) await noteGroup(db, group, start)
  const [taken] = await db.all<TakenGroup>(
    sql`update hivewax_event_offsets
        set owner = ${consumer}, token = ${nextToken}, ${leaseFor(db.dialect, leaseMs)}
        where group_name = ${group} and ${isLapsed(db.dialect)} returning token, position`,
  )
  // Another one was faster just now, or forgot the group: that is worth another look.
  return taken ?? { remainingMs: 0 }
}

/** @throws Conflict `stale_token` when the group's events have gone to another consumer since */
export async function renewGroup(db: Db, key: GroupKey, leaseMs: number): Promise<void> {
  const renewed = await db.all(
    sql`update hivewax_event_offsets set ${leaseFor(db.dialect, leaseMs)}
        where ${isHeldBy(key)} and lease_epoch is not null returning token`,
  )
  if (renewed.length === 0) throw stale(key)
}

/** Lets the next consumer have the group's events; nothing happens when it has them already. */
export async function releaseGroup(db: Db, key: GroupKey): Promise<void> {
  await db.all(sql`update hivewax_event_offsets set ${noLease} where ${isHeldBy(key)}`)
}

/** See `Events.commit`. */
export async function commitOffset(db: Db, group: string, id: number): Promise<boolean> {
  const moved = await db.all(
    sql`insert into hivewax_event_offsets (group_name, position, updated_at)
        values (${group}, ${id}, ${db.dialect.now()})
        on conflict (group_name) do update set position = excluded.position, updated_at = excluded.updated_at
        where hivewax_event_offsets.position < excluded.position
        returning position`,
  )
  return moved.length > 0
}

/**
 * As {@link commitOffset}, for the consumer that the group's events were given to last.
 * @throws Conflict `stale_token` when another one got them since
 */
export async function commitHeld(db: Db, key: GroupKey, id: number): Promise<boolean> {
  const moved = await db.all(
    sql`update hivewax_event_offsets set position = ${id}, updated_at = ${db.dialect.now()}
        where ${isHeldBy(key)} and position < ${id} returning position`,
  )
  if (moved.length > 0) return true
  const held = await db.all(sql`select token from hivewax_event_offsets where ${isHeldBy(key)}`)
  if (held.length === 0) throw stale(key)
  return false
}

/** See `Events.seek`. */
export async function seekOffset(db: Db, group: string, id: number): Promise<void> {
  await db.all(
    sql`insert into hivewax_event_offsets (group_name, position, updated_at, token)
        values (${group}, ${id}, ${db.dialect.now()},
                (select value + 1 from hivewax_counters where name = 'floor'))
        on conflict (group_name) do update set position = excluded.position, updated_at = excluded.updated_at,
          ${noLease}, token = case when excluded.token > hivewax_event_offsets.token then excluded.token
                              else hivewax_event_offsets.token + 1 end
        returning ${db.dialect.assertAboveFloor(sql`hivewax_event_offsets`, sql`token`)} as issued`,
  )
}

export async function readOffset(db: Db, group: string): Promise<number | undefined> {
  const row = await oneLocked<{ position: number }>(
    db,
    { table: 'hivewax_event_offsets', key: group },
    sql`select position from hivewax_event_offsets where group_name = ${group}`,
  )
  return row?.position
}

export async function listGroups(db: Db, options: PageOptions): Promise<Page<ConsumerGroup>> {
  const limit = pageLimit(options.limit)
  const [after = ''] = cursorPosition(options.cursor, 1) ?? []
  const rows = await db.all<GroupRow>(
    sql`select group_name, position, updated_at,
          case when head > position then head - position else 0 end as lag,
          case when ${isLeased(db.dialect)} then owner end as consumer
        from (${bounds}) as ends cross join hivewax_event_offsets
        where group_name > ${after} order by group_name limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: fromRow, position: row => [row.group_name] })
}

/** Forgets a group; false when there was none. */
export async function deleteGroup(db: Db, group: string): Promise<boolean> {
  const deleted = await db.all(
    sql`delete from hivewax_event_offsets where group_name = ${group} returning 1 as deleted`,
  )
  return deleted.length > 0
}

/** Higher than the row's, and than all that were ever given out with rows that are gone. */
const nextToken = sql`(select case when value > token then value else token end + 1
                       from hivewax_counters where name = 'floor')`

const noLease = sql`owner = null, lease_until = null, lease_epoch = null`

function isHeldBy({ group, token }: GroupKey): Sql {
  return sql`group_name = ${group} and token = ${token}`
}

function stale({ group, token }: GroupKey): Conflict {
  return new Conflict(
    `token ${token} of group ${JSON.stringify(group)} is stale: its events have gone to another consumer since`,
    { hint: 'Undo or drop what was done for the event, and subscribe again.', details: { group, token } },
    'stale_token',
  )
}

function fromRow(row: GroupRow): ConsumerGroup {
  return {
    group: row.group_name,
    position: row.position,
    lag: row.lag,
    consumer: row.consumer ?? undefined,
    updatedAt: toDate(row.updated_at),
  }
}
