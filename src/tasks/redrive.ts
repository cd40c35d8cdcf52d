import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { knownPriority, nextMicros, rankOf } from './claim-order.ts'
import { effectOf, type OnFailure } from './dependencies.ts'
import { type Ended, lockTasks } from './settle-dependents.ts'
import { hasStatus, isFinal, noTask, type TaskStatus } from './task.ts'
import { appendTaskEvents } from './task-events.ts'

export interface RedriveOptions {
  /** How many dead tasks at most. Default 100. */
  limit?: number | undefined
}

interface EndedRow {
  id: string
  status: TaskStatus
  priority: string | null
  rank: number | null
  run_at: string | null
}

interface Parent extends Ended {
  onFailure: OnFailure
}

/**
 * Makes a task that has ended without success wait to be claimed anew, and then the tasks that ended because of
 * it, and so on downwards.
 * @param context its `db` is the transaction
 * @returns the ids of the tasks that wait again, the given one first
 * @throws Conflict when it has completed, has not ended, or depends on one that ended without success
 */
export async function redriveTask(context: Context, id: string): Promise<string[]> {
  const task = await find(context, id)
  if (task === undefined) throw noTask(id)
  if (!isFinal(task.status) || task.status === 'completed') {
    throw new Conflict(
      `task ${JSON.stringify(id)} is ${task.status}: only one that ended without success is redriven`,
      {
        details: { id, status: task.status },
      },
    )
  }
  const obstacle = await revive(context, task)
  // Another process was faster: the task is read anew.
  if (obstacle === 'changed') return redriveTask(context, id)
  if (obstacle !== undefined) {
    throw new Conflict(
      `task ${JSON.stringify(id)} depends on ${JSON.stringify(obstacle.id)}, which is ${obstacle.status}`,
      {
        hint: 'Redrive that one first: this one follows by itself.',
        details: { id, parent: obstacle.id, status: obstacle.status },
      },
    )
  }
  const revived = [id]
  for (const parentId of revived) {
    for (const child of await endedBy(context, parentId)) {
      if ((await revive(context, child)) === undefined) revived.push(child.id)
    }
  }
  return revived
}

/** Redrives up to `limit` dead tasks, in order of id. */
export async function redriveDead(context: Context, limit: number): Promise<string[]> {
  const dead = await context.db.all<{ id: string }>(
    sql`select id from tasks where ${hasStatus('dead')} order by id limit ${limit} ${context.db.dialect.skipLocked}`,
  )
  const revived: string[] = []
  for (const { id } of dead) revived.push(...(await redriveTask(context, id)))
  return revived
}

/**
 * Makes one task wait again, unless a task that it depends on stands in the way: then returns that one; or `changed`
 * when it is no longer what it was found to be.
 */
async function revive(context: Context, task: EndedRow): Promise<Parent | 'changed' | undefined> {
  const parents = await findParents(context, task.id)
  const obstacle = parents.find(
    parent => isFinal(parent.status) && effectOf(parent.status, parent.onFailure) !== 'ready',
  )
  if (obstacle !== undefined) return obstacle
  const open = parents.filter(parent => !isFinal(parent.status)).map(parent => parent.id)
  // One that SQL from outside inserted, and that was refused before it had a rank, is looked at again.
  const isStrange = task.rank === null && task.run_at === null
  const rank = isStrange ? null : rankOf(nextMicros(context.clock), knownPriority(task.priority))
  const revived = await context.db.all(
    sql`update tasks set status = 'pending', rank = ${rank}, run_at = null, attempts = 0, assigned_to = null,
          lease_until = null, lease_epoch = null,
          open_dependencies = ${open.length}, caused_by = null, progress = null, progress_crc = null,
          completed_at = null, updated_at = ${context.db.dialect.now()}
        where id = ${task.id} and status = ${task.status} returning id`,
  )
  if (revived.length === 0) return 'changed'
  if (open.length > 0) {
    await context.db.all(
      sql`update hivewax_task_dependencies set open = 1 
          where child_id = ${task.id} and ${context.db.dialect.inList(sql`parent_id`, open)}`,
    )
  }
  await appendTaskEvents(context, [{ what: 'redriven', data: { taskId: task.id, status: 'pending' } }])
  return undefined
}

async function find(context: Context, id: string): Promise<EndedRow | undefined> {
  const [row] = await context.db.all<EndedRow>(
    sql`select id, status, priority, rank, run_at from tasks where id = ${id}`,
  )
  return row
}

/** The parents of a task, held as they are until the transaction commits. */
async function findParents(context: Context, id: string): Promise<Parent[]> {
  const edges = await context.db.all<{ parent_id: string; on_failure: OnFailure }>(
    sql`select parent_id, on_failure from hivewax_task_dependencies where child_id = ${id}`,
  )
  const tasks = await lockTasks(
    context.db,
    edges.map(edge => edge.parent_id),
  )
  const onFailure = new Map(edges.map(edge => [edge.parent_id, edge.on_failure]))
  return tasks.map(task => ({ ...task, onFailure: onFailure.get(task.id) ?? 'fail' }))
}

/** The children that ended because a task they depended on did. */
async function endedBy(context: Context, parentId: string): Promise<EndedRow[]> {
  return context.db.all<EndedRow>(
    sql`select id, status, priority, rank, run_at from tasks
        where caused_by is not null and status in ('failed', 'cancelled')
          and id in (select child_id from hivewax_task_dependencies where parent_id = ${parentId})
        order by id`,
  )
}
