import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { inLane, readLaneTexts } from './lanes.ts'
import { isReady } from './task.ts'

/** The condition of tasks that wait for others, and of the index that has them. */
export const isBlocked = sql`status = 'pending' and open_dependencies > 0 and rank is not null`

/** The condition of tasks that wait for their time, or that nobody has looked at yet, and of the index that has them. */
export const isUnranked = sql`status = 'pending' and rank is null`

/** Some of the tasks that wait, in the order of the index that has them. */
export interface WaitingPart {
  readonly where: Sql
  /** Columns that are never null. */
  readonly order: readonly Sql[]
}

/** Tasks that one statement counts at most, in less than a millisecond. */
export const mostCounted = 20_000

export const blocked: WaitingPart = { where: isBlocked, order: [sql`id`] }

/** Those that wait for their time, and those that nobody has looked at yet, which are few. */
export const unranked: readonly WaitingPart[] = [
  { where: sql`${isUnranked} and run_at is not null`, order: [sql`run_at`] },
  { where: sql`${isUnranked} and run_at is null`, order: [] },
]

/** The ready tasks, by the texts of their lanes. */
export async function readyLanes(db: Db): Promise<Map<string | undefined, WaitingPart>> {
  const texts = [undefined, ...(await readLaneTexts(db))]
  return new Map(
    texts.map(text => [text, { where: sql`${isReady} and ${inLane(text)}`, order: [sql`rank`, sql`id`] }]),
  )
}

/** How many tasks there are in a part, counted some at a time, with a turn of the event loop in between. */
export async function countPart(db: Db, part: WaitingPart): Promise<number> {
  let total = 0
  for await (const slice of slicesOf(db, part)) {
    const rows = await db.all<{ count: number }>(sql`select count(*) as count from tasks where ${slice}`)
    total += theRow(rows).count
  }
  return total
}

/** Conditions that some thousands of the tasks of a part meet, those of one after those of the other. */
export async function* slicesOf(db: Db, { where, order }: WaitingPart): AsyncGenerator<Sql> {
  for (let rest = where; ; ) {
    const end = order.length === 0 ? undefined : await endOf(db, rest, order)
    if (end === undefined) return yield rest
    yield sql`${rest} and ${place(order)} <= ${place(end)}`
    rest = sql`${where} and ${place(order)} > ${place(end)}`
    await nextTurn()
  }
}

/** The place of the last task of the next slice; undefined when it is the last. */
async function endOf(db: Db, where: Sql, order: readonly Sql[]): Promise<(string | number)[] | undefined> {
  const [row] = await db.all<Record<string, string | number>>(
    sql`select ${join(order)} from tasks where ${where} order by ${join(order)} limit 1 offset ${mostCounted - 1}`,
  )
  return row && Object.values(row)
}

function place(values: readonly (Sql | string | number)[]): Sql {
  return sql`(${join(values)})`
}
