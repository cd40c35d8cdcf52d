import type { Db } from '../db/db.ts'
import { readInSlices } from '../db/slices.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { checkName, checkOneOf } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { type Priority, priorities } from './claim-order.ts'
import { firstWaiting } from './first-waiting.ts'
import { beyond, endOfSlice, type Place, upTo } from './id-slices.ts'
import {
  columnsNow,
  fromRow,
  hasLapsed,
  hasStatus,
  isRunning,
  statuses,
  statusNow,
  type Task,
  type TaskRow,
  type TaskStatus,
} from './task.ts'

export interface ListTasksOptions extends PageOptions {
  status?: TaskStatus | undefined
  assignedTo?: string | undefined
  priority?: Priority | undefined
  queue?: string | undefined
  /** Only tasks with this label. */
  label?: string | undefined
  /** Only the parts of this task. */
  parentId?: string | undefined
  /** By rising id (`asc`, the default) or by falling id (`desc`). */
  order?: 'asc' | 'desc' | undefined
}

interface Slice extends Place {
  limit: number
  signal: AbortSignal | undefined
}

/** See `Tasks.list`. */
export async function listTasks(db: Db, options: ListTasksOptions): Promise<Page<Task>> {
  const limit = pageLimit(options.limit)
  const slice: Slice = {
    after: checkCursor(options.cursor),
    order: checkOneOf('order', options.order ?? 'asc', ['asc', 'desc']),
    limit: limit + 1,
    signal: options.signal,
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
  const filter = matches(db, options)
  if (options.parentId !== undefined) {
    const served = sql`parent_task = ${checkName('parentId', options.parentId)}`
    const isWanted = status === undefined ? filter : sql`${filter} and ${statusNow(db.dialect)} = ${status}`
    return scan(db, { served, filter: isWanted }, slice)
  }
  if (status === 'pending') return readWaiting(db, filter, slice)
  if (status === 'running') return readLeased(db, sql`${isRunning(db.dialect)} and ${filter}`, slice)
  if (status === 'lapsed') return readLeased(db, sql`${hasLapsed(db.dialect)} and ${filter}`, slice)
  if (status === 'completed')
    return scan(db, { served: sql`1 = 1`, filter: sql`${filter} and status = 'completed'` }, slice)
  return scan(db, { served: status === undefined ? sql`1 = 1` : hasStatus(status), filter }, slice)
}

function matches({ dialect }: Db, { assignedTo, priority, queue, label }: ListTasksOptions): Sql {
  const parts = [sql`1 = 1`]
  if (assignedTo !== undefined) parts.push(sql`assigned_to = ${checkName('assignedTo', assignedTo)}`)
  if (priority !== undefined) parts.push(sql`priority = ${checkOneOf('priority', priority, priorities)}`)
  if (queue !== undefined) parts.push(sql`queue = ${checkName('queue', queue)}`)
  if (label !== undefined) parts.push(dialect.jsonArrayHas(sql`labels`, checkName('label', label)))
  return join(parts, ' and ')
}

function readRows(db: Db, where: Sql, { order, limit }: Pick<Slice, 'order' | 'limit'>): Promise<TaskRow[]> {
  return db.all<TaskRow>(
    sql`select ${columnsNow(db.dialect)} from tasks where ${where} order by id ${raw(order)} limit ${limit}`,
  )
}

/** Tasks that wait; of those that were found some may wait no more when they are read. */
async function readWaiting(db: Db, filter: Sql, slice: Slice): Promise<TaskRow[]> {
  const found: TaskRow[] = []
  for (let { after, limit } = slice; ; ) {
    const ids = await firstWaiting(db, { ...slice, after, limit, filter })
    const where = sql`${db.dialect.inList(sql`id`, ids)} and status = 'pending' and ${filter}`
    found.push(...(await readRows(db, where, { order: slice.order, limit })))
    if (ids.length < limit || found.length >= slice.limit) return found
    after = ids.at(-1)
    limit = slice.limit - found.length
  }
}

/** Tasks that run, which are few: found by their leases, and not by their ids, an expression of which it is. */
function readLeased(db: Db, where: Sql, slice: Slice): Promise<TaskRow[]> {
  const id = sql`id || ''`
  const first = sql`select id from tasks where ${where} and ${beyond(slice, id)}
    order by ${id} ${raw(slice.order)} limit ${slice.limit}`
  return readRows(db, db.dialect.inQuery(sql`id`, first), slice)
}

/** Conditions of tasks: one that an index has with the ids in order, and one that each task is asked for. */
interface Scanned {
  served: Sql
  filter: Sql
}

function scan(db: Db, { served, filter }: Scanned, { order, ...slices }: Slice): Promise<TaskRow[]> {
  return readInSlices<string, TaskRow>(
    {
      endOf: (after, size) => endOfSlice(db, { after, order, where: served }, size),
      read: ({ after, end }, limit) => {
        const within = sql`${beyond({ after, order })} and ${upTo({ end, order })}`
        return readRows(db, sql`${served} and ${within} and ${filter}`, { order, limit })
      },
    },
    slices,
  )
}
