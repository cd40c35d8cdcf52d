import type { Context } from '../context.ts'
import { join, sql } from '../db/sql.ts'
import { addError } from './attempts.ts'
import { knownPriority, microsOf, rankOf } from './claim-order.ts'
import { laneText } from './lanes.ts'
import { lockTasks, settleDependents } from './settle-dependents.ts'
import { isFinal, namesIn } from './task.ts'
import { appendTaskEvents } from './task-events.ts'
import { lockShape, waitsFor } from './task-shape.ts'

/** A task as SQL from outside has inserted it, by the documented columns. */
interface UntrackedRow {
  id: string
  priority: string | null
  dependencies: string | null
  created_at: string | null
  requires: string | null
  queue: string
}

/**
 * Gives tasks that were inserted by plain SQL what they lack to be claimed: a rank, and edges to the tasks that
 * their `dependencies` name. One that names a missing task, or waits for itself, fails: it could never run.
 * @param context its `db` is the transaction
 */
export async function adoptTasks(context: Context, limit: number): Promise<void> {
  const rows = await context.db.all<UntrackedRow>(
    sql`select id, priority, dependencies, created_at, requires, queue from tasks
        where status = 'pending' and rank is null and run_at is null and id is not null
        limit ${limit} ${context.db.dialect.skipLocked}`,
  )
  if (rows.some(row => row.dependencies !== null)) await lockShape(context.db)
  for (const row of rows) await adoptTask(context, row)
}

/** Gives one of them what it lacks. */
export async function adoptTask(context: Context, row: UntrackedRow): Promise<void> {
  const parentIds = [...new Set(namesIn(row.dependencies))]
  const parents = await lockTasks(context.db, parentIds)
  const missing = parentIds.find(id => !parents.some(parent => parent.id === id))
  if (missing !== undefined)
    return refuse(context, row, `it depends on task ${JSON.stringify(missing)}, which does not exist`)
  if (await waitsFor(context.db, parentIds, row.id)) return refuse(context, row, 'it depends on itself')
  const rank = rankOf(microsOf(row.created_at, context.clock), knownPriority(row.priority))
  const lane = laneText({ queue: row.queue, requires: namesIn(row.requires) })
  await context.db.all(
    sql`update tasks set rank = ${rank}, open_dependencies = ${parents.length}, lane = ${lane}
        where id = ${row.id}`,
  )
  if (parents.length === 0) return
  const edges = parents.map(parent => sql`(${parent.id}, ${row.id})`)
  // One that its writer has replaced without the foreign keys has its edges still.
  await context.db.all(
    sql`insert into hivewax_task_dependencies (parent_id, child_id) values ${join(edges)}
        on conflict (child_id, parent_id) do update set open = 1`,
  )
  await settleDependents(
    context,
    parents.filter(parent => isFinal(parent.status)),
  )
}

async function refuse(context: Context, { id }: UntrackedRow, message: string): Promise<void> {
  const now = context.db.dialect.now()
  const at = new Date(context.clock.now())
  const errors = addError({ id, errors: null }, { attempt: 0, agentId: undefined, error: { message }, at })
  const crc = context.db.dialect.checksum('tasks', 'errors_crc', { id, errors })
  await context.db.all(
    sql`update tasks set status = 'failed', errors = ${errors}, errors_crc = ${crc}, completed_at = ${now},
          updated_at = ${now}
        where id = ${id}`,
  )
  await appendTaskEvents(context, [{ what: 'failed', data: { taskId: id, status: 'failed' } }])
  await settleDependents(context, [{ id, status: 'failed' }])
}
