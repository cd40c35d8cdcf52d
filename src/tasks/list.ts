import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { checkName, checkOneOf } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { type Priority, priorities } from './claim-order.ts'
import { beyond, endOfSlice, type Place } from './id-slices.ts'
import {
  columnsNow,
  fromRow,
  hasLapsed,
  hasStatus,
  isRunning,
  isUnusual,
  statuses,
  type Task,
  type TaskRow,
  type TaskStatus,
} from './task.ts'

export interface ListTasksOptions extends PageOptions {
  status?: TaskStatus | undefined
  assignedTo?: string | undefined
  priority?: Priority | undefined
  queue?: string | undefined
  /** By rising id (`asc`, the default) or by falling id (`desc`). */
  order?: 'asc' | 'desc' | undefined
}

interface Slice extends Place {
  limit: number
}

/** Rows that a list looks at in one turn of the event loop. */
const sliceSize = 5_000

/** The tasks that wait, in the words of the three indexes that have them. */
const waiting = [
  sql`status = 'pending' and open_dependencies = 0 and rank is not null`,
  sql`status = 'pending' and open_dependencies > 0 and rank is not null`,
  sql`status = 'pending' and rank is null`,
]

/** See `Tasks.list`. */
export async function listTasks(db: Db, options: ListTasksOptions): Promise<Page<Task>> {
  const limit = pageLimit(options.limit)
  const slice: Slice = {
    after: checkCursor(options.cursor),
    order: checkOneOf('order', options.order ?? 'asc', ['asc', 'desc']),
    limit: limit + 1,
  }
  const rows = await read(db, options, slice)
  return toPage(rows, limit, { item: fromRow, position: row => [row.id] })
}

function checkCursor(cursor: string | undefined): string | undefined {
  const [after] = cursorPosition(cursor, 1) ?? []
  return after === undefined ? undefined : String(after)
}

async function read(db: Db, options: ListTasksOptions, slice: Slice): Promise<TaskRow[]> {
  const status = options.status === undefined ? undefined : checkOneOf('status', options.status, statuses)
  const filter = matches(options)
  const filtered = (parts: readonly Sql[]) => parts.map(part => sql`${part} and ${filter}`)
  if (status === 'pending') return readIndexed(db, filtered(waiting), slice)
  if (status === 'running') return readIndexed(db, filtered([isRunning(db.dialect)]), slice)
  if (status === 'lapsed') return readIndexed(db, filtered([hasLapsed(db.dialect)]), slice)
  if (status === 'completed') return scan(db, sql`${filter} and status = 'completed'`, slice)
  if (status === undefined) return scan(db, filter, slice)
  return readRows(db, sql`${hasStatus(status)} and ${filter} and ${beyond(slice)}`, slice)
}

function matches({ assignedTo, priority, queue }: ListTasksOptions): Sql {
  const parts = [sql`1 = 1`]
  if (assignedTo !== undefined) parts.push(sql`assigned_to = ${checkName('assignedTo', assignedTo)}`)
  if (priority !== undefined) parts.push(sql`priority = ${checkOneOf('priority', priority, priorities)}`)
  if (queue !== undefined) parts.push(sql`queue = ${checkName('queue', queue)}`)
  return join(parts, ' and ')
}

function readRows(db: Db, where: Sql, { order, limit }: Slice): Promise<TaskRow[]> {
  return db.all<TaskRow>(
    sql`select ${columnsNow(db.dialect)} from tasks where ${where} order by id ${raw(order)} limit ${limit}`,
  )
}

/** Tasks that are few among many: found by their indexes, which have them in another order. */
function readIndexed(db: Db, parts: readonly Sql[], slice: Slice): Promise<TaskRow[]> {
  // An expression instead of the id keeps the planner from reading all tasks in the order of their ids.
  const id = sql`id || ''`
  const ids = parts.map(
    part => sql`select id from (
      select id from tasks where ${part} and ${beyond(slice, id)}
      order by ${id} ${raw(slice.order)} limit ${slice.limit}) as picked`,
  )
  return readRows(db, sql`id in (${join(ids, ' union all ')})`, slice)
}

/** Reads through all tasks by id, some thousands at a time, so that a rare match among millions blocks no writer. */
async function scan(db: Db, filter: Sql, slice: Slice): Promise<TaskRow[]> {
  const found: TaskRow[] = []
  for (let at = slice; ; ) {
    const end = await endOfSlice(db, at, sliceSize)
    const upTo = end === undefined ? sql`1 = 1` : at.order === 'asc' ? sql`id <= ${end}` : sql`id >= ${end}`
    found.push(...(await readRows(db, sql`${filter} and ${beyond(at)} and ${upTo}`, at)))
    if (end === undefined || found.length >= slice.limit) return found
    at = { ...at, after: end, limit: slice.limit - found.length }
    await nextTurn()
  }
}

/** See `Tasks.counts`. Of completed tasks, which are most, there is no index: they are all that are nothing else. */
export async function countTasks(db: Db): Promise<Record<TaskStatus, number>> {
  const count = (where: Sql) => sql`(select count(*) from tasks where ${where})`
  const withStatus = (status: TaskStatus) => count(hasStatus(status))
  const { unusual, total, ...counts } = theRow(
    await db.all<Omit<Record<TaskStatus, number>, 'completed'> & { unusual: number; total: number }>(
      sql`select ${join(waiting.map(count), ' + ')} as pending, ${count(isRunning(db.dialect))} as running,
            ${count(hasLapsed(db.dialect))} as lapsed,
            ${withStatus('failed')} as failed, ${withStatus('cancelled')} as cancelled,
            ${withStatus('dead')} as dead, ${count(isUnusual)} as unusual, ${count(sql`1 = 1`)} as total`,
    ),
  )
  return { ...counts, completed: total - counts.pending - counts.running - counts.lapsed - unusual }
}
