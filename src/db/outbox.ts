import type { Json } from '../util/json.ts'
import { chainEvents, lockChain, SealedLog } from './chain.ts'
import type { Db, Dialect, EventsOfRows, EventsToInsert, Row, Telling, WhenSealed } from './db.ts'
import { sql } from './sql.ts'

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

/** What the transactions of {@link tellingLast} will append. */
const told = new WeakMap<Db, EncodedEvent[]>()

/**
 * Runs `fn` in a transaction at whose end its events are appended, all at once. In PostgreSQL whoever has appended
 * keeps everybody else from it until the commit: so this is as short as it can be, and nobody who waits for it holds
 * what the transaction still needs.
 */
export async function tellingLast<T>(db: Db, fn: (tx: Db) => Promise<T>): Promise<T> {
  if (!db.supports.batching || db.hints.isLogSealed) return tellingBeforeCommit(db, fn)
  let events: EncodedEvent[] = []
  const begin = (tx: Db) => {
    events = []
    told.set(tx, events)
    return fn(tx)
  }
  const last = () => (events.length === 0 ? undefined : db.dialect.append(toInsert(db, events), 'fail'))
  try {
    return await db.transaction(begin, { last })
  } catch (error) {
    if (!(error instanceof SealedLog)) throw error
    db.hints.isLogSealed = true
    return tellingBeforeCommit(db, fn)
  }
}

/**
 * Runs a write by itself, and appends an event for each row that it returns, in one statement.
 * @returns undefined, having done nothing, where that takes a transaction
 */
export async function tellingAtOnce<R extends object = Row>(
  db: Db,
  telling: Telling,
): Promise<R[] | undefined> {
  if (!canTellAtOnce(db)) return undefined
  try {
    return await db.all<R>(db.dialect.telling(telling))
  } catch (error) {
    if (!(error instanceof SealedLog)) throw error
    db.hints.isLogSealed = true
    return undefined
  }
}

type AtOnce = Db & { dialect: Required<Pick<Dialect, 'telling' | 'unawaited'>> }

/** True where {@link tellingAtOnce} is worth a try. */
export function canTellAtOnce(db: Db): db is AtOnce {
  return db.dialect.telling !== undefined && db.supports.batching && !db.hints.isLogSealed
}

function tellingBeforeCommit<T>(db: Db, fn: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async tx => {
    const events: EncodedEvent[] = []
    told.set(tx, events)
    const result = await fn(tx)
    await insertEvents(tx, events)
    return result
  })
}

/**
 * Appends events within `tx`, so that they commit together with the change they tell of, or not at all.
 * @param events `data` is stored as it is, whatever its size: what it tells of was checked already
 */
export async function appendEvents(
  tx: Db,
  events: readonly { type: string; source: string; data: Json }[],
): Promise<void> {
  const encoded = events.map(({ type, source, data }) => ({ type, source, data: JSON.stringify(data) }))
  const last = told.get(tx)
  if (last === undefined) await insertEvents(tx, encoded)
  else last.push(...encoded)
}

/** Appends the events of rows that a write within `tx` returned. */
export function appendEventsOfRows(
  tx: Db,
  rows: readonly object[],
  { type, source, data }: EventsOfRows,
): Promise<void> {
  const parts = Object.entries(data)
  // What a statement returns has columns; only its own type does not say so.
  const events = (rows as readonly Row[]).map(row => {
    const said: { [key: string]: Json } = {}
    for (const [key, value] of parts)
      said[key] = typeof value === 'string' ? value : (row[value.column] as Json)
    return { type, source: String(row[source.column] ?? source.otherwise), data: said }
  })
  return appendEvents(tx, events)
}

/**
 * The one place that appends to the log: whatever an engine needs to give out ids in the order of commits
 * belongs here.
 * @returns the rows, in the order given
 */
export async function insertEvents(db: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  if (events.length === 0) return []
  const appended = await insertRows(db, events, 'skip')
  // Only a log that is sealed takes none.
  return appended.length > 0 ? appended : db.transaction(tx => insertSealed(tx, events))
}

async function insertSealed(tx: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  await lockChain(tx)
  const rows = await insertRows(tx, events, 'append')
  await chainEvents(tx, rows)
  return rows
}

async function insertRows(db: Db, events: readonly EncodedEvent[], when: WhenSealed): Promise<EventRow[]> {
  const rows = await db.all<Pick<EventRow, 'id' | 'timestamp'>>(db.dialect.append(toInsert(db, events), when))
  // No engine promises an order of what is returned; ids rise in the order of the values.
  const inOrder = rows.sort((a, b) => a.id - b.id)
  return inOrder.flatMap(({ id, timestamp }, i) =>
    events[i] === undefined ? [] : [{ ...events[i], id, timestamp }],
  )
}

function toInsert({ dialect }: Db, events: readonly EncodedEvent[]): EventsToInsert {
  const [first] = events
  const count = events.length
  if (first !== undefined && count === 1) {
    const values = sql`${first.type}, ${first.source}, ${first.data}, ${dialect.now()}`
    return { count, values, from: sql`(select 1 as at) as new` }
  }
  const rows = events.map((event, i) => ({ at: i + 1, ...event }))
  const table = dialect.table({ at: 'number', type: 'text', source: 'text', data: 'text?' }, rows)
  return { count, values: sql`type, source, data, ${dialect.now()}`, from: sql`${table} as new` }
}
