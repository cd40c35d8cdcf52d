import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { join, sql } from '../db/sql.ts'
import { chunks } from '../util/chunks.ts'
import type { Json } from '../util/json.ts'
import { addError } from './attempts.ts'
import { effectOf, type OnFailure } from './dependencies.ts'
import { type TaskEvent, tell } from './events.ts'
import { isFinal, type TaskStatus } from './task.ts'

/** A task that has come to its end. */
export interface Ended {
  id: string
  status: TaskStatus
}

/** A waiting task that the end of another ends too. */
interface Doomed extends Ended {
  status: 'failed' | 'cancelled'
  causedBy: string
}

interface Edge {
  parent_id: string
  child_id: string
  on_failure: OnFailure
}

/** Ids per statement: few enough texts for the statement cache. */
const maxIds = 100

/**
 * Within the transaction that ended these tasks, lets those that wait for them go on, or ends them too, each by
 * the policy of its edge, and so on downwards: nothing waits for ever.
 * @param context its `db` is the transaction
 * @returns the tasks that this ended
 */
export async function settleDependents(context: Context, ended: readonly Ended[]): Promise<Ended[]> {
  const all: Ended[] = []
  for (let wave = ended; wave.length > 0; ) {
    wave = await settleChildren(context, wave)
    all.push(...wave)
  }
  return all
}

async function settleChildren(context: Context, parents: readonly Ended[]): Promise<Ended[]> {
  const statusOf = new Map(parents.map(({ id, status }) => [id, status]))
  const freed = new Map<string, number>()
  const doomed: Doomed[] = []
  const edges = await closeEdges(context.db, [...statusOf.keys()])
  for (const { parent_id, child_id, on_failure } of edges) {
    const effect = effectOf(statusOf.get(parent_id) ?? 'completed', on_failure)
    if (effect === 'ready') freed.set(child_id, (freed.get(child_id) ?? 0) + 1)
    else doomed.push({ id: child_id, status: effect, causedBy: parent_id })
  }
  await free(context.db, freed)
  // Of two parents that end at the same moment, one whose edge fails the task goes before one that skips it.
  const of = (status: TaskStatus) => doomed.filter(task => task.status === status)
  return end(context, [...of('failed'), ...of('cancelled')])
}

async function closeEdges(tx: Db, parentIds: readonly string[]): Promise<Edge[]> {
  const areOpen = sql`${tx.dialect.oneOf(sql`parent_id`, parentIds)} and open = 1`
  // Looking is cheap, and most tasks have nobody who waits for them.
  const open = await tx.all(sql`select 1 from hivewax_task_dependencies where ${areOpen} limit 1`)
  if (open.length === 0) return []
  return tx.all<Edge>(
    sql`update hivewax_task_dependencies set open = 0 where ${areOpen} returning parent_id, child_id, on_failure`,
  )
}

/** Counts down, rather than anew: two parents may end at the same moment, without seeing each other's edges. */
async function free(tx: Db, freed: ReadonlyMap<string, number>): Promise<void> {
  for (const count of new Set(freed.values())) {
    const children = [...freed.keys()].filter(id => freed.get(id) === count)
    for (const ids of chunks(children, maxIds)) {
      await tx.all(
        sql`update tasks set open_dependencies = open_dependencies - ${count} where id in (${join(ids)})`,
      )
    }
  }
}

async function end(context: Context, doomed: readonly Doomed[]): Promise<Ended[]> {
  const now = context.db.dialect.now()
  const ended: Doomed[] = []
  for (const task of doomed) {
    const rows = await context.db.all(
      sql`update tasks set status = ${task.status}, caused_by = ${task.causedBy}, completed_at = ${now}, updated_at = ${now}
          where id = ${task.id} and status = 'pending' returning id`,
    )
    if (rows.length > 0) ended.push(task)
  }
  await tell(
    context,
    ended.map(({ id, status, causedBy }) => ({ what: status, data: { taskId: id, status, causedBy } })),
  )
  return ended
}

/**
 * The tasks with these ids, as they stand. The update changes nothing, but on an engine with many writers it holds
 * them so until the transaction commits: else one that ends meanwhile would never hear of a new child.
 */
export async function lockTasks(tx: Db, ids: readonly string[]): Promise<Ended[]> {
  const found: Ended[] = []
  for (const part of chunks(ids, maxIds)) {
    found.push(
      ...(await tx.all<Ended>(
        sql`update tasks set token = token where id in (${join(part)}) returning id, status`,
      )),
    )
  }
  return found
}

/** A claimed task, as far as it matters to what follows. */
export interface AttemptRow {
  id: string
  token: number
  assigned_to: string | null
  attempts: number
  max_attempts: number
  backoff: string | null
  errors: string | null
}

export const attemptColumns = sql`id, token, assigned_to, attempts, max_attempts, backoff, errors`

/** How an attempt ended without success, and what comes now. */
export interface Setback {
  error: Json
  status: TaskStatus
  /** When a pending task can be claimed again; undefined for at once, and at its former place. */
  delayMs?: number | undefined
  event: TaskEvent['what']
  /** Who says so, for the event. Default: the handle's agent. */
  source?: string | null
  reason?: string
}

/**
 * Ends an attempt, unless it has ended already, and with the last one what depends on the task.
 * @param context its `db` is the transaction
 * @returns false when it had ended already
 */
export async function endAttempt(context: Context, row: AttemptRow, setback: Setback): Promise<boolean> {
  const { status, error, delayMs, event, source, reason } = setback
  const { dialect } = context.db
  const agentId = row.assigned_to ?? undefined
  const errors = addError(row.errors, {
    attempt: row.attempts,
    agentId,
    error,
    at: new Date(context.clock.now()),
  })
  const isLast = isFinal(status)
  const ended = await context.db.all(
    sql`update tasks set status = ${status}, errors = ${errors}, lease_until = null, lease_epoch = null,
          assigned_to = ${isLast ? row.assigned_to : null}, completed_at = ${isLast ? dialect.now() : null},
          rank = case when ${delayMs === undefined} = 1 then rank end,
          run_at = ${delayMs === undefined ? sql`run_at` : dialect.now(delayMs)}, updated_at = ${dialect.now()}
        where id = ${row.id} and token = ${row.token} and status = 'running' returning id`,
  )
  if (ended.length === 0) return false
  const data = { taskId: row.id, status, attempt: row.attempts, agentId: row.assigned_to }
  await tell(context, [{ what: event, source, data: { ...data, ...(reason !== undefined && { reason }) } }])
  if (isLast) await settleDependents(context, [{ id: row.id, status }])
  return true
}
