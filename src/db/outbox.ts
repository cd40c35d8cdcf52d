import type { Json } from '../util/json.ts'
import { chainEvents, isUnsealed, lockChain } from './chain.ts'
import type { Db } from './db.ts'
import { type Sql, sql } from './sql.ts'

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

/**
 * Appends events within `tx`, so that they commit together with the change they tell of, or not at all.
 * @param events `data` is stored as it is, whatever its size: what it tells of was checked already
 * @returns the ids, in the order given
 */
export async function appendEvents(
  tx: Db,
  events: readonly { type: string; source: string; data: Json }[],
): Promise<number[]> {
  const encoded = events.map(({ type, source, data }) => ({ type, source, data: JSON.stringify(data) }))
  return (await insertEvents(tx, encoded)).map(row => row.id)
}

/**
 * The one place that appends to the log: whatever an engine needs to give out ids in the order of commits
 * belongs here.
 * @returns the rows, in the order given
 */
export async function insertEvents(db: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  if (events.length === 0) return []
  const appended = await insertWhere(db, events, isUnsealed)
  // Only a log that is sealed takes none.
  return appended.length > 0 ? appended : db.transaction(tx => insertSealed(tx, events))
}

async function insertSealed(tx: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  await lockChain(tx)
  const rows = await insertWhere(tx, events, sql`1 = 1`)
  await chainEvents(tx, rows)
  return rows
}

async function insertWhere(db: Db, events: readonly EncodedEvent[], condition: Sql): Promise<EventRow[]> {
  const rows = await db.all<Pick<EventRow, 'id' | 'timestamp'>>(
    sql`insert into events (type, source, data, timestamp) ${selected(db, events)}
        where ${condition} returning id, timestamp`,
  )
  // No engine promises an order of what is returned; ids rise in the order of the values.
  const inOrder = rows.sort((a, b) => a.id - b.id)
  return inOrder.flatMap(({ id, timestamp }, i) =>
    events[i] === undefined ? [] : [{ ...events[i], id, timestamp }],
  )
}

function selected({ dialect }: Db, events: readonly EncodedEvent[]): Sql {
  const [first] = events
  if (first !== undefined && events.length === 1)
    return sql`select ${first.type}, ${first.source}, ${first.data}, ${dialect.now()}`
  const values = events.map(({ type, source, data }) => [type, source, data])
  return sql`select type, source, data, ${dialect.now()}
             from ${dialect.table(['type', 'source', 'data'], values)} as new`
}
