import type { Db } from '../db/db.ts'
import { join, sql } from '../db/sql.ts'

/** How many more tasks of each limited queue may run now. */
export type Rooms = ReadonlyMap<string, number>

/**
 * Reads the limits.
 * @param lock true to keep others from claiming tasks of limited queues until the transaction ends, so that no two
 *   claims can spend the same room; tasks that end meanwhile only make more
 */
export async function roomsOf(tx: Db, lock: boolean): Promise<Rooms> {
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
    sql`select queue, count(*) as running from tasks where status = 'running' and ${tx.dialect.oneOf(sql`queue`, queues)}
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

interface QueueRow {
  queue: string
  ready: number
  running: number
  max_running: number | null
}

/** The queues that have a limit, or tasks that are ready or running, by name. */
export async function listQueues(db: Db, after: string, limit: number): Promise<QueueRow[]> {
  const parts = [
    sql`select queue, count(*) as ready, 0 as running, null as max_running from tasks
        where status = 'pending' and open_dependencies = 0 and rank is not null group by queue`,
    sql`select queue, 0, count(*), null from tasks where status = 'running' group by queue`,
    sql`select name, 0, 0, max_running from hivewax_task_queues`,
  ]
  return db.all<QueueRow>(
    sql`select queue, cast(sum(ready) as bigint) as ready, cast(sum(running) as bigint) as running,
          max(max_running) as max_running
        from (${join(parts, ' union all ')}) as parts
        where queue > ${after} group by queue order by queue limit ${limit}`,
  )
}

export function toTaskQueue({ queue, ready, running, max_running }: QueueRow): TaskQueue {
  return { queue, ready, running, maxRunning: max_running ?? undefined }
}
