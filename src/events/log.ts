import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import type { EventRow } from '../db/event-log.ts'
import { theRow } from '../db/rows.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { NotFound } from '../errors.ts'
import type { Filter } from './filter.ts'

/** The ends of the log: the last id that was pruned, and the last that was given out. */
export interface Bounds {
  floor: number
  head: number
}

export interface Wanted {
  /** Refuses to read when events after this one were pruned. */
  since?: number | undefined
  /** Only events after this id. */
  after?: number | undefined
  /** Only events before this id. */
  before?: number | undefined
  order: 'asc' | 'desc'
  limit: number
}

/** How many events a statement looks through at most, so that no writer waits for long. */
const stretchSize = 2000

const columns = sql`id, type, source, data, timestamp, crc`

export const bounds = sql`select value as floor, coalesce((select max(id) from events), value) as head
                          from hivewax_counters where name = 'events_floor'`

export async function readBounds(db: Db): Promise<Bounds> {
  return theRow(await db.all<Bounds>(bounds))
}

export async function readEvent(db: Db, id: number): Promise<EventRow | undefined> {
  return (await db.all<EventRow>(sql`select ${columns} from events where id = ${id}`))[0]
}

/**
 * The first events in the order wanted that the filter accepts, read a stretch of the log at a time when no index
 * leads to them, with a turn of the event loop in between.
 * @throws NotFound `compacted` when events after `since` were pruned
 */
export async function readEvents(db: Db, filter: Filter, wanted: Wanted): Promise<EventRow[]> {
  const found: EventRow[] = []
  for (let rest: Wanted | undefined = wanted; rest !== undefined && found.length < wanted.limit; ) {
    const read = await readStretch(db, filter, { ...rest, limit: wanted.limit - found.length })
    found.push(...read.rows)
    rest = read.rest
    if (rest !== undefined) await nextTurn()
  }
  return found
}

/** What one statement found: `rest` is where to look on, undefined when it has seen the log to its end. */
export interface Stretch {
  head: number
  rows: EventRow[]
  rest: Wanted | undefined
}

/**
 * As {@link readEvents}, but only one stretch. Events and the bounds of the log are as of one moment, so that
 * nothing can be pruned in between unnoticed.
 */
export async function readStretch(db: Db, filter: Filter, wanted: Wanted): Promise<Stretch> {
  const end = filter.isServed ? undefined : await endOfStretch(db, wanted)
  const { since, order, limit } = wanted
  const where = [...filter.where, ...within(upTo(end, wanted))]
  const rows = await db.all<Bounds & (EventRow | { id: null })>(
    sql`select floor, head, ${columns} from (${bounds}) b left join (
          select ${columns} from events where ${conjunction(where)} order by id ${raw(order)} limit ${limit}
        ) e on 1 = 1 order by id ${raw(order)}`,
  )
  const { floor, head } = theRow(rows)
  if (since !== undefined && since < floor) throw compacted(since, floor)
  const rest = end === undefined ? undefined : { ...wanted, [order === 'asc' ? 'after' : 'before']: end }
  return { head, rows: rows.filter(row => row.id !== null), rest }
}

/** How many events the filter accepts, counted as {@link readEvents} reads. */
export async function countEvents(db: Db, filter: Filter): Promise<number> {
  let count = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const place: Wanted = { after, order: 'asc', limit: 0 }
    const end: number | undefined = filter.isServed ? undefined : await endOfStretch(db, place)
    const where = [...filter.where, ...(filter.isServed ? [] : within(upTo(end, place)))]
    const rows = await db.all<{ count: number }>(
      sql`select count(*) as count from events where ${conjunction(where)}`,
    )
    count += theRow(rows).count
    after = end
    if (after !== undefined) await nextTurn()
  }
  return count
}

/** The id of the event that has `newer` newer ones, or undefined when there are not so many. */
export async function nthNewest(db: Db, newer: number): Promise<number | undefined> {
  for (let at = Number.MAX_SAFE_INTEGER, left = newer; ; ) {
    const step = Math.min(left, stretchSize)
    const [row] = await db.all<{ id: number }>(
      sql`select id from events where id <= ${at} order by id desc limit 1 offset ${step}`,
    )
    left -= step
    if (row === undefined || left === 0) return row?.id
    at = row.id
    await nextTurn()
  }
}

/** The last id of the next stretch of events; undefined when no more than a stretch is left. */
async function endOfStretch(db: Db, wanted: Wanted): Promise<number | undefined> {
  const [row] = await db.all<{ id: number }>(
    sql`select id from events where ${conjunction(within(wanted))}
        order by id ${raw(wanted.order)} limit 1 offset ${stretchSize - 1}`,
  )
  return row?.id
}

function within({ after, before }: Wanted): Sql[] {
  const where: Sql[] = []
  if (after !== undefined) where.push(sql`id > ${after}`)
  if (before !== undefined) where.push(sql`id < ${before}`)
  return where
}

/** One bound on each side: of two, planners take the first, and would read on behind the end of the stretch. */
function upTo(end: number | undefined, wanted: Wanted): Wanted {
  if (end === undefined) return wanted
  return wanted.order === 'asc' ? { ...wanted, before: end + 1 } : { ...wanted, after: end - 1 }
}

function conjunction(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`1 = 1` : join(parts, ' and ')
}

function compacted(since: number, floor: number): NotFound {
  return new NotFound(
    `the events after ${since} were pruned up to ${floor}`,
    {
      hint: `What is left begins after ${floor}: read on with since ${floor}, or commit ${floor} for the group.`,
      details: { since, floor },
    },
    'compacted',
  )
}
