import { encodeJson, type Json, maxMaxValueBytes } from '../util/json.ts'
import type { Db } from './db.ts'
import { wakeFollowers } from './follow.ts'
import { join, sql } from './sql.ts'

/** An event on its way into the log; `data` is JSON text. */
export interface EncodedEvent {
  type: string
  source: string
  data: string | null
}

/** An event as its columns hold it. */
export interface EventRow extends EncodedEvent {
  id: number
  timestamp: string
}

/** Rows per statement: few enough texts for the statement cache, and far from any engine's limit of parameters. */
const maxRows = 100

/**
 * Appends events within `tx`, so that they commit together with the change they tell of, or not at all.
 * @param events `data` is stored as it is, whatever its size: what it tells of was checked already
 * @returns the ids, in the order given
 */
export async function appendEvents(
  tx: Db,
  events: readonly { type: string; source: string; data: Json }[],
): Promise<number[]> {
  const encoded = events.map(event => ({ ...event, data: encodeJson('data', event.data, maxMaxValueBytes) }))
  return (await insertEvents(tx, encoded)).map(row => row.id)
}

/**
 * The one statement that appends to the log: whatever an engine needs to give out ids in the order of commits
 * belongs here. More than 100 events take several statements, so `db` must then be a transaction.
 * @returns the rows, in the order given
 */
export async function insertEvents(db: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  const appended: EventRow[] = []
  for (let from = 0; from < events.length; from += maxRows) {
    const values = events
      .slice(from, from + maxRows)
      .map(({ type, source, data }) => sql`(${type}, ${source}, ${data}, ${db.dialect.now()})`)
    const rows = await db.all<EventRow>(
      sql`insert into events (type, source, data, timestamp) values ${join(values)}
          returning id, type, source, data, timestamp`,
    )
    // No engine promises an order of what is returned; ids rise in the order of the values.
    appended.push(...rows.sort((a, b) => a.id - b.id))
  }
  wakeFollowers()
  return appended
}
