import type { Db } from '../db/db.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { chunks } from '../util/chunks.ts'
import { columnsNow, fromRow, type Task, type TaskRow } from './task.ts'
import { blocked, readyLanes, unranked, type WaitingPart } from './waiting.ts'

/** Parts of which one statement reads the first: engines take so many parts of a union, SQLite 500. */
const maxParts = 100

/**
 * The first tasks that wait: those that are claimed next, in their order, and when these are fewer those that wait for
 * their time or for others. However many there are, of each lane no more than the first are looked at.
 */
export async function firstInLine(db: Db, limit: number): Promise<Task[]> {
  const rows: RankedRow[] = []
  const lanes = [...(await readyLanes(db)).values()]
  for (const parts of chunks(lanes, maxParts)) rows.push(...(await firstOf(db, parts, limit)))
  const ready = rows.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || (a.id < b.id ? -1 : 1)).slice(0, limit)
  const others = ready.length < limit ? await firstOf(db, [...unranked, blocked], limit - ready.length) : []
  return [...ready, ...others].slice(0, limit).map(fromRow)
}

interface RankedRow extends TaskRow {
  rank: number | null
}

function firstOf(db: Db, parts: readonly WaitingPart[], limit: number): Promise<RankedRow[]> {
  const firsts = parts.map(({ where, order }) => {
    const first = sql`select id from tasks where ${where} ${inOrder(order)} limit ${limit}`
    return sql`select id from (${first}) as first_tasks`
  })
  return db.all<RankedRow>(
    sql`select rank, ${columnsNow(db.dialect)} from tasks
        where ${db.dialect.inQuery(sql`id`, join(firsts, ' union all '))}`,
  )
}

function inOrder(order: readonly Sql[]): Sql {
  return order.length === 0 ? sql`` : sql`order by ${join(order)}`
}
