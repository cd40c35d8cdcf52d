import { hash } from 'node:crypto'
import type { Db } from './db.ts'
import { join, type Sql, sql } from './sql.ts'

/*
 * The chain of a sealed log: each event's hash covers the event and the hash before it. The counter
 * `events_sealed` is there once the log is sealed, and holds the last id before the first sealed event.
 */

/** What the first hash of a chain covers in place of one before it. */
export const firstHash = '0'.repeat(64)

/** Holds for a log that is not sealed. */
export const isUnsealed: Sql = sql`not exists (select 1 from hivewax_counters where name = 'events_sealed')`

/** An event as the chain covers it: its columns as they are stored. */
export interface ChainedEvent {
  id: number
  type: string
  source: string
  data: string | null
  timestamp: string
}

/** The hash of an event that follows the one with the hash `previous`: SHA-256 in hex, of both as a JSON array. */
export function eventHash(previous: string, { id, type, source, data, timestamp }: ChainedEvent): string {
  return hash('sha256', JSON.stringify([previous, id, type, source, data, timestamp]))
}

/** Keeps others from appending to the chain until the transaction ends. */
export async function lockChain(tx: Db): Promise<void> {
  await tx.all(sql`update hivewax_counters set value = value where name = 'events_sealed'`)
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
