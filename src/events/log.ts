import type { Db } from '../db/db.ts'
import type { EventRow } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkNames } from '../util/check.ts'
import { durationMs } from '../util/duration.ts'
import type { EventFilter, PruneOptions } from './events.ts'

/** The ends of the log: the last id that was pruned, and the last that was given out. */
export interface Bounds {
  floor: number
  head: number
}

export interface Slice {
  /** Only events after this id; undefined: from the oldest that there is. */
  after?: number | undefined
  order: 'asc' | 'desc'
  limit: number
}

/** Events deleted per transaction of a prune, so that it holds nobody up. */
const pruneSize = 1000

export const columns = sql`id, type, source, data, timestamp`

const bounds = sql`select value as floor, coalesce((select max(id) from events), value) as head
                   from hivewax_counters where name = 'events_floor'`

export async function readBounds(db: Db): Promise<Bounds> {
  return theRow(await db.all<Bounds>(bounds))
}

/**
 * Events and the bounds of the log as of one moment, so that nothing can be pruned in between unnoticed.
 * @throws NotFound `compacted` when events that should follow `after` were pruned
 */
export async function readEvents(
  db: Db,
  where: readonly Sql[],
  { after, order, limit }: Slice,
): Promise<{ head: number; rows: EventRow[] }> {
  const parts = after === undefined ? where : [...where, sql`id > ${after}`]
  const rows = await db.all<Bounds & (EventRow | { id: null })>(
    sql`select floor, head, ${columns} from (${bounds}) b left join (
          select ${columns} from events where ${conjunction(parts)} order by id ${raw(order)} limit ${limit}
        ) e on 1 = 1 order by id ${raw(order)}`,
  )
  const { floor, head } = theRow(rows)
  if (after !== undefined && after < floor) throw compacted(after, floor)
  return { head, rows: rows.filter(row => row.id !== null) }
}

/** The conditions of a filter. */
export function matching({ types, source }: EventFilter): Sql[] {
  const where: Sql[] = []
  if (types !== undefined) where.push(sql`type in (${join(checkTypes(types))})`)
  if (source !== undefined) where.push(sql`source = ${checkName('source', source)}`)
  return where
}

export function conjunction(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`1 = 1` : join(parts, ' and ')
}

/** The id up to which a prune deletes: everything before the first event to be kept. */
export async function lastToPrune(db: Db, { olderThan, keep }: PruneOptions): Promise<number> {
  if ((olderThan === undefined) === (keep === undefined)) {
    throw new InvalidInput('pass either olderThan or keep', { hint: "For example { olderThan: '30d' }." })
  }
  if (olderThan === undefined) {
    const [row] = await db.all<{ id: number }>(
      sql`select id from events order by id desc limit 1 offset ${checkInteger('keep', keep, 0)}`,
    )
    return row?.id ?? 0
  }
  const [young] = await db.all<{ id: number }>(
    sql`select id from events where timestamp >= ${db.dialect.now(-durationMs('olderThan', olderThan))}
        order by id limit 1`,
  )
  return young === undefined ? (await readBounds(db)).head : young.id - 1
}

/** Deletes the oldest events up to `last`, at most a batch, and raises the floor with them. */
export async function pruneBatch(tx: Db, last: number): Promise<{ deleted: number; isLast: boolean }> {
  const rows = await tx.all<{ id: number }>(
    sql`delete from events where id in (select id from events where id <= ${last} order by id limit ${pruneSize})
        returning id`,
  )
  const highest = rows.reduce((max, row) => Math.max(max, row.id), 0)
  await tx.all(
    sql`update hivewax_counters set value = ${highest} where name = 'events_floor' and value < ${highest}`,
  )
  return { deleted: rows.length, isLast: rows.length < pruneSize }
}

function checkTypes(types: readonly string[]): string[] {
  const names = checkNames('types', types)
  if (names.length > 0) return names
  throw new InvalidInput('types must name at least one type', {
    hint: 'Leave it out for events of every type.',
  })
}

function compacted(after: number, floor: number): NotFound {
  return new NotFound(
    `the events after ${after} were pruned up to ${floor}`,
    {
      hint: `What is left begins after ${floor}: read on with since ${floor}, or commit ${floor} for the group.`,
      details: { since: after, floor },
    },
    'compacted',
  )
}
