import type { Db } from '../db/db.ts'
import type { TextRef, TextSource } from '../db/fulltext.ts'
import { raw, sql } from '../db/sql.ts'
import { sources } from './sources.ts'

/** An entry in the log of what the index has still to take in. */
export interface Change {
  readonly id: number
  readonly source: TextSource
  /** Null where a row of another program has a null for its id. */
  readonly ref: TextRef | null
}

/** The event up to which the log of changes knows all: appending an event, which is frequent, need not mark it. */
export const eventsMarked = sql`(select value from hivewax_counters where name = 'find_events')`

/**
 * How many changes wait to be indexed at most, and how many events that will join them: the log has no gaps but those
 * that others have made by indexing.
 */
export async function countPending(db: Db): Promise<{ changes: number; events: number }> {
  const [row] = await db.all<{ changes: number; events: number }>(
    sql`select coalesce((select max(id) from hivewax_find_changes)
                        - (select min(id) from hivewax_find_changes) + 1, 0) as changes,
               coalesce((select max(id) from events) - ${eventsMarked}, 0) as events`,
  )
  return { changes: row?.changes ?? 0, events: Math.max(0, row?.events ?? 0) }
}

/** The changes that wait at one end of the log, those at the end itself first. */
export async function readChanges(db: Db, end: 'oldest' | 'newest', limit: number): Promise<Change[]> {
  const order = raw(end === 'oldest' ? 'asc' : 'desc')
  const changes = await db.all<Change>(
    sql`select id, source, ref from hivewax_find_changes order by id ${order} limit ${limit}`,
  )
  return changes.map(change => ({ ...change, ref: refIn(change) }))
}

function refIn({ source: name, ref }: Change): TextRef | null {
  const source = sources.find(source => source.name === name)
  return ref === null || source === undefined ? ref : source.toRef(ref)
}
