import { chainEvents, lockChain } from './chain.ts'
import type { Db, EventsToInsert } from './db.ts'
import { raw, sql } from './sql.ts'

/** An event on its way into the log; `data` is JSON text. */
export interface EncodedEvent {
  type: string
  source: string
  data: string | null
}

/** An event, and who logs it, or did what it tells of. */
export interface AuthoredEvent extends EncodedEvent {
  author: string
}

/** An event as its columns hold it. */
export interface EventRow extends EncodedEvent {
  id: number
  timestamp: string
  /** Who logged it, or did what it tells of. */
  author: string | null
  /** Its checksum; in what an append returns there is none to compare. */
  crc?: number | null
}

/** An event as the log has taken it. */
type Appended = Pick<EventRow, 'id' | 'timestamp'>

/**
 * Appends events to the log, in the name of who acts through `db`.
 * @returns the rows, in the order given
 */
export async function insertEvents(db: Db, events: readonly EncodedEvent[]): Promise<EventRow[]> {
  const authored = events.map(event => ({ ...event, author: db.author }))
  return toRows(authored, await append(db, authored))
}

/** The one place that appends to the log: whatever an engine needs to give out ids in the order of commits belongs here. */
export async function append(db: Db, events: readonly AuthoredEvent[]): Promise<Appended[]> {
  if (events.length === 0) return []
  const appended = await db.all<Appended>(db.dialect.append(toInsert(db, events), 'skip'))
  // Only a log that is sealed takes none.
  return appended.length > 0 ? appended : db.transaction(tx => appendSealed(tx, events))
}

async function appendSealed(tx: Db, events: readonly AuthoredEvent[]): Promise<Appended[]> {
  await lockChain(tx)
  const appended = await tx.all<Appended>(tx.dialect.append(toInsert(tx, events), 'append'))
  await chainEvents(tx, toRows(events, appended))
  return appended
}

function toRows(events: readonly AuthoredEvent[], appended: Appended[]): EventRow[] {
  // No engine promises an order of what is returned; ids rise in the order of the values.
  const inOrder = appended.sort((a, b) => a.id - b.id)
  return inOrder.flatMap(({ id, timestamp }, i) =>
    events[i] === undefined ? [] : [{ ...events[i], id, timestamp }],
  )
}

const newColumns = {
  at: 'number',
  type: 'text',
  source: 'text',
  data: 'text?',
  author: 'text',
  crc: 'number?',
} as const

/** Events as `Dialect.append` takes them. */
export function toInsert({ dialect }: Db, events: readonly AuthoredEvent[]): EventsToInsert {
  const [first] = events
  const count = events.length
  const checksum = (event: AuthoredEvent) => dialect.checksum('events', 'crc', { id: 0, ...event })
  if (first !== undefined && count === 1) {
    const values = sql`${first.type}, ${first.source}, ${first.data}, ${dialect.now()}, ${first.author}`
    return { count, values, checksum: sql`${checksum(first)}`, from: sql`(select 1 as at) as new` }
  }
  const rows = events.map((event, i) => ({ at: i + 1, ...event, crc: checksum(event) }))
  const table = dialect.valuesTable(newColumns, rows)
  const values = sql`type, source, data, ${dialect.now()}, author`
  return { count, values, checksum: raw('crc'), from: sql`${table} as new` }
}
