import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db, Dialect } from '../db/db.ts'
import type { EventRow } from '../db/event-log.ts'
import { theRow } from '../db/rows.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { countsOf } from '../db/tallies.ts'
import { NotFound } from '../errors.ts'
import { conditionsOf, type Filter, isOfTypes, isServed } from './filter.ts'
import { skipSpans } from './spans.ts'

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
  /** How many events a statement looks through when no index leads to those that are wanted. Default: {@link stretchSize}. */
  size?: number
  /** Ends it between two stretches, with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** How many events a statement looks through at most, so that no writer waits for long. */
const stretchSize = 2000

const columns = sql`id, type, source, data, timestamp, author, crc`

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
 * leads to them, with a turn of the event loop in between. Mostly the first ones are soon found: stretches begin small.
 * @throws NotFound `compacted` when events after `since` were pruned
 */
export async function readEvents(db: Db, filter: Filter, wanted: Wanted): Promise<EventRow[]> {
  const found: EventRow[] = []
  let size = Math.max(100, 4 * wanted.limit)
  for (let rest: Wanted | undefined = wanted; rest !== undefined && found.length < wanted.limit; ) {
    const next: Wanted = await skipSpans(db, filter, rest)
    const read = await readStretch(db, filter, { ...next, limit: wanted.limit - found.length, size })
    found.push(...read.rows)
    rest = read.rest
    size = Math.min(4 * size, stretchSize)
    if (rest === undefined) continue
    await nextTurn()
    wanted.signal?.throwIfAborted()
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
  const end = isServed(filter) ? undefined : await endOfStretch(db, wanted)
  const { since, order } = wanted
  const rows = await db.all<Bounds & (EventRow | { id: null })>(
    sql`select floor, head, ${columns} from (${bounds}) b left join (
          ${selectEvents(db.dialect, filter, upTo(end, wanted))}
        ) e on 1 = 1 order by id ${raw(order)}`,
  )
  const { floor, head } = theRow(rows)
  if (since !== undefined && since < floor) throw compacted(since, floor)
  const rest = end === undefined ? undefined : { ...wanted, [order === 'asc' ? 'after' : 'before']: end }
  return { head, rows: rows.filter(row => row.id !== null), rest }
}

/** Selects the first events that the filter accepts. */
function selectEvents(dialect: Dialect, filter: Filter, wanted: Wanted): Sql {
  const ordered = sql`order by id ${raw(wanted.order)} limit ${wanted.limit}`
  const { names = [] } = filter
  if (names.length < 2 || !isServed(filter)) {
    const where = conjunction([...conditionsOf(filter), ...within(wanted)])
    return sql`select ${columns} from events where ${where} ${ordered}`
  }
  // Those of each type by the index, which has them in order; together it has not.
  const firsts = names.map(name => {
    const where = conjunction([sql`type = ${name}`, ...within(wanted)])
    return sql`select id from (select id from events where ${where} ${ordered}) as of_type`
  })
  return sql`select ${columns} from events where ${dialect.inQuery(sql`id`, join(firsts, ' union all '))} ${ordered}`
}

/** How many events the filter accepts: kept for each type, else counted as {@link readEvents} reads. */
export async function countEvents(db: Db, filter: Filter): Promise<number> {
  if (isOfTypes(filter)) return countOfTypes(db, filter)
  const where = conditionsOf(filter)
  let count = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const place: Wanted = { after, order: 'asc', limit: 0 }
    const end: number | undefined = await endOfStretch(db, place)
    const rows = await db.all<{ count: number }>(
      sql`select count(*) as count from events where ${conjunction([...where, ...within(upTo(end, place))])}`,
    )
    count += theRow(rows).count
    after = end
    if (after !== undefined) await nextTurn()
  }
  return count
}

async function countOfTypes(db: Db, { types = sql`1 = 1` }: Filter): Promise<number> {
  const rows = await db.all<{ count: number }>(
    sql`select coalesce(sum(amount), 0) as count
        from (select part as type, amount from ${countsOf(db.dialect, 'events')}) as events where ${types}`,
  )
  return theRow(rows).count
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
  const { size = stretchSize } = wanted
  const [row] = await db.all<{ id: number }>(
    sql`select id from events where ${conjunction(within(wanted))}
        order by id ${raw(wanted.order)} limit 1 offset ${size - 1}`,
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
