import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { readLane } from './lanes.ts'
import { isReady, isRunning } from './task.ts'
import { countPart, mostCounted, readyLanes } from './waiting.ts'

/** How many more tasks of each limited queue may run now, by its name. */
export type FreeSlots = ReadonlyMap<string, number>

/**
 * Reads the limits.
 * @param lock true to keep others from claiming tasks of limited queues until the transaction ends, so that no two
 *   claims can take the same slot; tasks that end meanwhile only make more
 */
export async function readFreeSlots(tx: Db, lock: boolean): Promise<FreeSlots> {
  const limits = await tx.all<{ name: string; max_running: number }>(
    lock
      ? sql`update hivewax_task_queues set max_running = max_running returning name, max_running`
      : sql`select name, max_running from hivewax_task_queues`,
  )
  const running = await countRunning(
    tx,
    limits.map(limit => limit.name),
  )
  return new Map(
    limits.map(({ name, max_running }) => [name, Math.max(0, max_running - (running.get(name) ?? 0))]),
  )
}

async function countRunning(tx: Db, queues: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.all<{ queue: string; running: number }>(
    sql`select queue, count(*) as running from tasks where status = 'running' and ${tx.dialect.inList(sql`queue`, queues)}
        group by queue`,
  )
  return new Map(rows.map(row => [row.queue, row.running]))
}

/** Sets how many tasks of a queue may run at once; undefined for any number. */
export async function setLimit(db: Db, queue: string, maxRunning: number | undefined): Promise<void> {
  if (maxRunning === undefined) {
    await db.all(sql`delete from hivewax_task_queues where name = ${queue}`)
    return
  }
  await db.all(
    sql`insert into hivewax_task_queues (name, max_running) values (${queue}, ${maxRunning})
        on conflict (name) do update set max_running = excluded.max_running`,
  )
}

/** A queue: its tasks that are ready or running, and how many of them may run at once. */
export interface TaskQueue {
  queue: string
  ready: number
  running: number
  /** Undefined for any number; 0 for none, as long as the queue is to rest. */
  maxRunning: number | undefined
}

/** See `Tasks.queues`. */
export async function listQueues(db: Db, options: PageOptions): Promise<Page<TaskQueue>> {
  const limit = pageLimit(options.limit)
  const [after = ''] = cursorPosition(options.cursor, 1) ?? []
  const queues = (await readQueues(db)).filter(({ queue }) => queue > String(after))
  return toPage(queues.slice(0, limit + 1), limit, {
    item: queue => queue,
    position: ({ queue }) => [queue],
  })
}

/** The queues that have a limit, or tasks that are ready or running. */
async function readQueues(db: Db): Promise<TaskQueue[]> {
  const queues = new Map<string, TaskQueue>()
  const known = (queue: string): TaskQueue => {
    const found = queues.get(queue) ?? { queue, ready: 0, running: 0, maxRunning: undefined }
    queues.set(queue, found)
    return found
  }
  // By lane, since the index that has the ready tasks has their lanes too.
  for (const [lane, count] of await countReady(db)) known(readLane(lane).queue).ready += count
  const running = await db.all<{ queue: string; count: number }>(
    sql`select queue, count(*) as count from tasks where ${isRunning(db.dialect)} group by queue`,
  )
  for (const { queue, count } of running) known(queue).running = count
  const limits = await db.all<{ name: string; max_running: number }>(
    sql`select name, max_running from hivewax_task_queues`,
  )
  for (const { name, max_running } of limits) known(name).maxRunning = max_running
  return [...queues.values()].sort((a, b) => (a.queue < b.queue ? -1 : 1))
}

/** How many tasks are ready in each lane, by its text. */
async function countReady(db: Db): Promise<Map<string | undefined, number>> {
  const rows = await db.all<{ lane: string | null; count: number }>(
    sql`select lane, count(*) as count from (
          select lane from tasks where ${isReady} order by lane, rank, id limit ${mostCounted}) as first_tasks group by lane`,
  )
  const counts = new Map(rows.map(({ lane, count }) => [lane ?? undefined, count] as const))
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  if (total >= mostCounted)
    for (const [lane, part] of await readyLanes(db)) counts.set(lane, await countPart(db, part))
  return counts
}
