import type { Db } from '../db/db.ts'
import type { TextRef } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import { LoopTurns } from '../util/loop-turns.ts'
import { type Change, countPending, eventsMarked, readChanges } from './changes.ts'
import { readLive, type Source, type SourceRow, textLength } from './sources.ts'

/** How many changes are read at most, and about how much of their text, in characters: both are felt otherwise. */
const maxChanges = 2_000
const maxLength = 1024 * 1024

/** How many records of a source are read whatever their length, and how many at most by one statement. */
const firstSlice = 8
const largestSlice = 128

/** What a search has to read because the index does not know it yet. */
export interface Backlog {
  /** The records that changed: of these the index has an older text, or none. */
  readonly refs: ReadonlyMap<Source, readonly TextRef[]>
  /** Those of them that were read, as they are now: without those that are gone or have expired. */
  readonly rows: readonly { readonly source: Source; readonly row: SourceRow }[]
  /** How many changes more there may be. */
  readonly missing: number
}

/** The newest part of what waits to be indexed of these sources: most of the time, all of it. */
export async function readBacklog(db: Db, wanted: readonly Source[]): Promise<Backlog> {
  const { refs, missing } = await newestRefs(db, wanted)
  const turns = new LoopTurns()
  const rows: { source: Source; row: SourceRow }[] = []
  let [length, unread] = [0, 0]
  for (const { source, refs: own, isFirst } of slicesOf(refs)) {
    const hasRoom = () => isFirst || length < maxLength
    const read = hasRoom() ? await readLive(db, source, own) : []
    if (!hasRoom()) unread += own.length
    for (const row of read) {
      if (!hasRoom()) unread++
      else rows.push({ source, row })
      length += textLength(row)
    }
    await turns.give()
  }
  return { refs, rows, missing: missing + unread }
}

interface Slice {
  readonly source: Source
  readonly refs: readonly TextRef[]
  readonly isFirst: boolean
}

/**
 * The newest records of each source first: many of one must not keep the others out. Slices begin small, for the texts
 * may be long.
 */
function slicesOf(refs: Backlog['refs']): Slice[] {
  const slices: Slice[] = []
  const longest = Math.max(0, ...[...refs.values()].map(({ length }) => length))
  for (let from = 0; from < longest; from = sliceEnd(from)) {
    for (const [source, list] of refs) {
      const own = list.slice(from, sliceEnd(from))
      if (own.length > 0) slices.push({ source, refs: own, isFirst: from === 0 })
    }
  }
  return slices
}

function sliceEnd(from: number): number {
  return Math.max(firstSlice, Math.min(2 * from, from + largestSlice))
}

async function newestRefs(db: Db, wanted: readonly Source[]): Promise<Pick<Backlog, 'refs' | 'missing'>> {
  // In this order, and the index after both: what others index meanwhile goes this way, and is seen twice, not never.
  const events = wanted.some(({ name }) => name === 'events') ? await newestEvents(db) : []
  const changes = await readChanges(db, 'newest', maxChanges)
  if (events.length + changes.length < maxChanges)
    return { refs: bySource(wanted, events, changes), missing: 0 }
  // Each has half the room, and what the other leaves of its own.
  const room = (others: number) => Math.max(maxChanges / 2, maxChanges - others)
  const taken = [events.slice(0, room(changes.length)), changes.slice(0, room(events.length))] as const
  const pending = await countPending(db)
  const left = [events.length > 0 ? pending.events - taken[0].length : 0, pending.changes - taken[1].length]
  return {
    refs: bySource(wanted, ...taken),
    missing: left.reduce((sum, count) => sum + Math.max(0, count), 0),
  }
}

async function newestEvents(db: Db): Promise<TextRef[]> {
  const events = await db.all<{ ref: number }>(
    sql`select id as ref from events where id > ${eventsMarked} order by id desc limit ${maxChanges}`,
  )
  return events.map(({ ref }) => Number(ref))
}

/** Each record once, as it may have changed many times. */
function bySource(
  wanted: readonly Source[],
  events: readonly TextRef[],
  changes: readonly Change[],
): Backlog['refs'] {
  const refs = new Map(wanted.map(source => [source, new Set<TextRef>()]))
  const byName = new Map(wanted.map(source => [source.name, refs.get(source)]))
  for (const ref of events) byName.get('events')?.add(ref)
  for (const { source, ref } of changes) if (ref !== null) byName.get(source)?.add(ref)
  return new Map([...refs].map(([source, list]) => [source, [...list]]))
}
