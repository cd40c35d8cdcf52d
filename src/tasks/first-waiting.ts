import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { compareBytes } from '../util/byte-order.ts'
import { beyond, endOfSlice, type Place, upTo } from './id-slices.ts'
import { isReady } from './task.ts'
import {
  blocked,
  isBlocked,
  isUnranked,
  mostCounted,
  readyLanes,
  slicesOf,
  unranked,
  type WaitingPart,
} from './waiting.ts'

interface FirstOptions extends Place {
  /** Only tasks that meet it. */
  filter: Sql
  limit: number
  signal: AbortSignal | undefined
}

const parts = [isReady, isBlocked, isUnranked]

/** Where many wait, so many of the next tasks are looked at first: of the newest most wait, and behind those that do. */
const nextTried = 1_000

/**
 * The ids of the first tasks that wait, in the order of their ids, which no index has: to keep one would make every
 * completion a tenth slower. So all that wait are looked through; of many some thousands at a time.
 */
export async function firstWaiting(db: Db, options: FirstOptions): Promise<string[]> {
  if (!(await areMany(db))) return firstOf(db, parts, options)
  const { isWhole, ids } = await amongNext(db, options)
  if (isWhole || ids.length >= options.limit) return ids
  let first: string[] = []
  for (const part of await partsOf(db)) {
    for await (const slice of slicesOf(db, part)) {
      options.signal?.throwIfAborted()
      first = merged(first, await firstOf(db, [slice], options), options)
    }
  }
  return first
}

async function areMany(db: Db): Promise<boolean> {
  const counts = parts.map(
    part => sql`(select count(*) from (
    select 1 from tasks where ${part} limit ${mostCounted}) as first_tasks)`,
  )
  const { count } = theRow(await db.all<{ count: number }>(sql`select ${join(counts, ' + ')} as count`))
  return count >= mostCounted
}

async function amongNext(
  db: Db,
  { filter, limit, ...place }: FirstOptions,
): Promise<{ isWhole: boolean; ids: string[] }> {
  const end = await endOfSlice(db, place, nextTried)
  const isNext = sql`${beyond(place)} and ${upTo({ end, order: place.order })}`
  const rows = await db.all<{ id: string }>(
    sql`select id from tasks where ${isNext} and status = 'pending' and ${filter}
        order by id ${raw(place.order)} limit ${limit}`,
  )
  return { isWhole: end === undefined, ids: rows.map(row => row.id) }
}

async function partsOf(db: Db): Promise<WaitingPart[]> {
  return [...(await readyLanes(db)).values(), blocked, ...unranked]
}

async function firstOf(
  db: Db,
  conditions: readonly Sql[],
  { filter, limit, ...place }: FirstOptions,
): Promise<string[]> {
  // An expression instead of the id keeps the planner from reading all tasks in the order of their ids.
  const id = sql`id || ''`
  const order = sql`order by ${id} ${raw(place.order)} limit ${limit}`
  const ids = conditions.map(
    condition => sql`select id from (
      select id from tasks where ${condition} and ${filter} and ${beyond(place, id)} ${order}) as picked`,
  )
  const all = sql`select id from (${join(ids, ' union all ')}) as waiting ${order}`
  return (await db.all<{ id: string }>(all)).map(row => row.id)
}

function merged(
  some: readonly string[],
  others: readonly string[],
  { order, limit }: FirstOptions,
): string[] {
  const sign = order === 'asc' ? 1 : -1
  return [...some, ...others].sort((a, b) => sign * compareBytes(a, b)).slice(0, limit)
}
