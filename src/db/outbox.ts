import { chunks } from '../util/chunks.ts'
import { encodeJson, type Json, maxMaxValueBytes } from '../util/json.ts'
import { chainEvents, isUnsealed, lockChain } from './chain.ts'
import type { Db } from './db.ts'
import { join, type Sql, sql } from './sql.ts'

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
 * The one place that appends to the log: whatever an engine needs to give out ids in the order of commits
 * belongs here. More than 100 events take several statements, so `db` must then be a transaction.
 * @returns the rows, in the order given
 */
export async function insertEvents(db: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  const appended: EventRow[] = []
  for (const some of chunks(events, maxRows)) {
    const rows = await insertWhere(db, some, isUnsealed)
    // Only a log that is sealed takes none.
    appended.push(...(rows.length > 0 ? rows : await db.transaction(tx => insertSealed(tx, some))))
  }
  return appended
}

async function insertSealed(tx: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  await lockChain(tx)
  const rows = await insertWhere(tx, events, sql`1 = 1`)
  await chainEvents(tx, rows)
  return rows
}

async function insertWhere(db: Db, events: readonly EncodedEvent[], condition: Sql): Promise<EventRow[]> {
  const selects = events.map(
    ({ type, source, data }) =>
      sql`select ${type}, ${source}, ${data}, ${db.dialect.now()} where ${condition}`,
  )
  const rows = await db.all<EventRow>(
    sql`insert into events (type, source, data, timestamp) ${join(selects, ' union all ')}
        returning id, type, source, data, timestamp`,
  )
  // No engine promises an order of what is returned; ids rise in the order of the selects.
  return rows.sort((a, b) => a.id - b.id)
}
