import type { Json } from '../util/json.ts'
import { SealedLog } from './chain.ts'
import type { Db, EventsOfRows, Row, WriteWithEvents } from './db.ts'
import { UpkeepDb } from './decorators/upkeep.ts'
import { type AuthoredEvent, append, type EncodedEvent, toInsert } from './event-log.ts'
import type { OwnEventType } from './own-event-types.ts'
import type { Sql } from './sql.ts'

/** What the transactions of {@link transactionWithEvents} will append. */
const pendingEvents = new WeakMap<Db, AuthoredEvent[]>()

/**
 * Runs a write, and appends an event for each row that it returns: both or neither, in one statement or in a short
 * transaction, as the engine can and the log allows.
 */
export async function writeWithEvents<R extends object = Row>(db: Db, change: WriteWithEvents): Promise<R[]> {
  if (pendingEvents.has(db)) return writeAndAppend(db, change)
  return (await writeAtOnce<R>(db, () => change)) ?? db.transaction(tx => writeAndAppend(tx, change))
}

/** A write that others may have to follow, in its transaction. */
export interface FollowedWrite<R> {
  change: () => WriteWithEvents
  /** Finds a row when there is something to follow, asked once the write is done. */
  query: () => Sql
  /** Does what follows. */
  run: (tx: Db, rows: R[]) => Promise<void>
  /** The same change, provided that nothing has to follow: it can be one statement. */
  unlessFollowed: () => WriteWithEvents
}

/** As {@link writeWithEvents}, with what follows from the write. */
export async function writeAndFollow<R extends object = Row>(
  db: Db,
  { change, query, run, unlessFollowed }: FollowedWrite<R>,
): Promise<R[]> {
  const alone = await writeAtOnce<R>(db, unlessFollowed)
  if (alone !== undefined && alone.length > 0) return alone
  return transactionWithEvents(db, async tx => {
    const [rows, found] = await Promise.all([writeAndAppend<R>(tx, change()), tx.all(query())])
    if (found.length > 0) await run(tx, rows)
    return rows
  })
}

async function writeAndAppend<R extends object>(tx: Db, { write, events }: WriteWithEvents): Promise<R[]> {
  const rows = await tx.all<R>(write)
  await appendEncoded(tx, eventsOfRows(rows, events))
  return rows
}

/** Undefined, having done nothing, where it takes a transaction. */
async function writeAtOnce<R extends object>(
  db: Db,
  change: () => WriteWithEvents,
): Promise<R[] | undefined> {
  if (!db.supports.batching || db.hints.isLogSealed) return undefined
  const statement = db.dialect.withEvents(change(), db.author)
  if (statement === undefined) return undefined
  try {
    return await db.all<R>(statement)
  } catch (error) {
    noteSealed(db, error)
    return undefined
  }
}

/**
 * Runs `fn` in a transaction at whose end its events are appended, all at once. In PostgreSQL a transaction that has
 * appended keeps all others from it until the commit: so this is as short as it can be, and none that waits for it
 * holds what the transaction still needs.
 */
export async function transactionWithEvents<T>(db: Db, fn: (tx: Db) => Promise<T>): Promise<T> {
  if (!db.supports.batching || db.hints.isLogSealed) return appendingBeforeCommit(db, fn)
  let events: AuthoredEvent[] = []
  const begin = (tx: Db) => {
    events = []
    pendingEvents.set(tx, events)
    return fn(tx)
  }
  const last = () => (events.length === 0 ? undefined : db.dialect.append(toInsert(db, events), 'fail'))
  try {
    return await db.transaction(begin, { last })
  } catch (error) {
    noteSealed(db, error)
    return appendingBeforeCommit(db, fn)
  }
}

function appendingBeforeCommit<T>(db: Db, fn: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async tx => {
    const events: AuthoredEvent[] = []
    pendingEvents.set(tx, events)
    const result = await fn(tx)
    await append(tx, events)
    return result
  })
}

/** Notes that the log was found sealed: what is appended to it must be seen before the commit. */
function noteSealed(db: Db, error: unknown): void {
  if (!(error instanceof SealedLog)) throw error
  db.hints.isLogSealed = true
}

/**
 * Appends events within `tx`, so that they commit together with the change they tell of, or not at all.
 * @param events `data` is stored as it is, whatever its size: what it tells of was checked already
 */
export function appendEvents(
  tx: Db,
  events: readonly { type: OwnEventType; source: string; data: Json }[],
): Promise<void> {
  return appendEncoded(
    tx,
    events.map(({ type, source, data }) => ({ type, source, data: JSON.stringify(data) })),
  )
}

function eventsOfRows(rows: readonly object[], { type, source, data }: EventsOfRows): EncodedEvent[] {
  const parts = Object.entries(data)
  // What a statement returns has columns; only its own type does not say so.
  return (rows as readonly Row[]).map(row => {
    const said: { [key: string]: Json } = {}
    for (const [key, value] of parts)
      said[key] = typeof value === 'string' ? value : (row[value.column] as Json)
    return { type, source: String(row[source.column] ?? source.otherwise), data: JSON.stringify(said) }
  })
}

async function appendEncoded(tx: Db, events: readonly EncodedEvent[]): Promise<void> {
  const pending = pendingEvents.get(tx)
  const authored = events.map(event => ({ ...event, author: tx.author }))
  if (pending === undefined) await append(tx, authored)
  else pending.push(...authored)
}

/**
 * A context in the name of the store itself, for what a caller's write finds due by the way: that a lease has lapsed, or a
 * time has come, is nobody's doing.
 */
export function asUpkeep<C extends { readonly db: Db; readonly agentId: string | undefined }>(context: C): C {
  const db = new UpkeepDb(context.db)
  const pending = pendingEvents.get(context.db)
  if (pending !== undefined) pendingEvents.set(db, pending)
  return { ...context, db, agentId: undefined }
}
