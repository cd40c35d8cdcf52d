import { hash } from 'node:crypto'
import { Conflict } from '../errors.ts'
import { toTimeText } from '../util/time.ts'
import type { Db } from './db.ts'
import { join, type Sql, sql } from './sql.ts'

/*
 * The chain of a sealed log: each event's hash covers the event and the hash before it. The counter
 * `events_sealed` is there once the log is sealed, and holds the last id before the first sealed event.
 */

/** What the first hash of a chain covers in place of one before it. */
export const firstHash = '0'.repeat(64)

/** Events were to be appended to a log that is sealed, and must be chained. */
export class SealedLog extends Conflict {}

/** Holds for a log that is not sealed. */
export const isUnsealed: Sql = sql`not exists (select 1 from hivewax_counters where name = 'events_sealed')`

/** An event as the chain covers it: its columns as they are stored. */
export interface ChainedEvent {
  id: number
  type: string
  source: string
  data: string | null
  timestamp: string | Date
  author: string | null
}

/**
 * The hash of an event that follows the one with the hash `previous`: SHA-256 in hex, of both as a JSON array, which ends
 * with the author of those that have one. A time
 * counts as SQLite writes it, so that a log goes on when it moves from one engine to another.
 */
export function eventHash(
  previous: string,
  { id, type, source, data, timestamp, author }: ChainedEvent,
): string {
  const time = timestamp instanceof Date ? toTimeText(timestamp) : timestamp
  const covered = [previous, id, type, source, data, time, ...(author === null ? [] : [author])]
  return hash('sha256', JSON.stringify(covered))
}

/** Keeps others from appending to the log until the transaction ends: the row is the one that ids come from. */
export async function lockChain(tx: Db): Promise<void> {
  await tx.all(sql`update hivewax_counters set value = value where name = 'event'`)
}

/** Appends to the chain what was just appended to the log, by rising id, in the transaction that did so. */
export async function chainEvents(tx: Db, events: readonly ChainedEvent[]): Promise<void> {
  const [last] = await tx.all<{ hash: string }>(
    sql`select hash from hivewax_event_hashes order by event_id desc limit 1`,
  )
  let previous = last?.hash ?? firstHash
  const values = events.map(event => {
    previous = eventHash(previous, event)
    return sql`(${event.id}, ${previous})`
  })
  await tx.all(sql`insert into hivewax_event_hashes (event_id, hash) values ${join(values)}`)
}
