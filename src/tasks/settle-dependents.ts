import type { Context } from '../context.ts'
import type { Db, Dialect } from '../db/db.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import type { Json } from '../util/json.ts'
import { addError } from './attempts.ts'
import { effectOf, type OnFailure } from './dependencies.ts'
import { isClaimed, isFinal, type TaskStatus } from './task.ts'
import { appendTaskEvents, type TaskEvent } from './task-events.ts'

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

/** What the end of some tasks does to those below them. */
interface Aftermath {
  /** By how many parents fewer each of these waits. */
  freed: Map<string, number>
  doomed: Doomed[]
}

/**
 * Within the transaction that ended these tasks, lets those that wait for them go on, or ends them too, each by
 * the policy of its edge, and so on downwards: nothing waits for ever.
 * @param context its `db` is the transaction
 * @returns the tasks that this ended
 */
export async function settleDependents(context: Context, ended: readonly Ended[]): Promise<Ended[]> {
  const below = await lockDoomed(context.db, ended)
  const edges = await closeEdges(context.db, [...ended.map(task => task.id), ...below])
  const { freed, doomed } = propagate(ended, new Set(below), edges)
  await free(context.db, freed)
  await end(context, doomed)
  return doomed
}

/**
 * The waiting tasks that end with these, at any depth, locked until the transaction commits: so no other
 * one can end them, or have others wait for them.
 */
async function lockDoomed(tx: Db, ended: readonly Ended[]): Promise<string[]> {
  const roots = ended.filter(task => task.status !== 'completed').map(task => task.id)
  if (roots.length === 0) return []
  const held = new Set<string>()
  for (;;) {
    const ids = await findDoomed(tx, roots)
    const others = ids.filter(id => !held.has(id))
    if (others.length === 0) return ids
    await lockTasks(tx, others)
    for (const id of others) held.add(id)
  }
}

async function findDoomed(tx: Db, roots: readonly string[]): Promise<string[]> {
  const ends = sql`open = 1 and on_failure <> 'ignore' and (select status from tasks where id = child_id) = 'pending'`
  const rows = await tx.all<{ id: string }>(
    sql`with recursive doomed (id) as (
          select child_id from hivewax_task_dependencies where ${tx.dialect.inList(sql`parent_id`, roots)} and ${ends}
          union select child_id from doomed ${childrenOf(tx.dialect, sql`doomed.id`)} where ${ends})
        select id from doomed`,
  )
  return rows.map(row => row.id)
}

/** Joins the edges below a task, in the step of a recursive statement. */
export function childrenOf({ lateralJoin }: Dialect, id: Sql): Sql {
  return lateralJoin(raw('hivewax_task_dependencies'), sql`parent_id = ${id}`)
}

/**
 * Follows the edges downwards from the tasks that ended, wave by wave.
 * @param waiting the tasks that can end
 */
function propagate(ended: readonly Ended[], waiting: Set<string>, edges: readonly Edge[]): Aftermath {
  const below = Map.groupBy(edges, edge => edge.parent_id)
  const aftermath: Aftermath = { freed: new Map(), doomed: [] }
  for (let wave = ended; wave.length > 0; ) {
    const doomed: Doomed[] = []
    for (const parent of wave) {
      for (const { child_id, on_failure } of below.get(parent.id) ?? []) {
        const effect = effectOf(parent.status, on_failure)
        if (effect !== 'ready') doomed.push({ id: child_id, status: effect, causedBy: parent.id })
        else aftermath.freed.set(child_id, (aftermath.freed.get(child_id) ?? 0) + 1)
      }
    }
    // Of two parents that end at the same moment, one whose edge fails the task goes before one that skips it.
    const of = (status: TaskStatus) => doomed.filter(task => task.status === status)
    const first = [...of('failed'), ...of('cancelled')].filter(task => waiting.delete(task.id))
    aftermath.doomed.push(...first)
    wave = first
  }
  return aftermath
}

/** One of the open edges of which this holds. */
export function openEdges(condition: Sql): Sql {
  return sql`select 1 from hivewax_task_dependencies where ${condition} and open = 1 limit 1`
}

async function closeEdges(tx: Db, parentIds: readonly string[]): Promise<Edge[]> {
  if (parentIds.length === 0) return []
  const edges = await tx.all<Edge>(
    sql`update hivewax_task_dependencies set open = 0 where ${tx.dialect.inList(sql`parent_id`, parentIds)} and open = 1
        returning parent_id, child_id, on_failure`,
  )
  // No engine promises an order of what is returned.
  return edges.sort((a, b) => (a.child_id < b.child_id ? -1 : 1))
}

/** Counts down, rather than anew: two parents may end at the same moment, without seeing each other's edges. */
async function free(tx: Db, freed: ReadonlyMap<string, number>): Promise<void> {
  for (const count of new Set(freed.values())) {
    const children = [...freed.keys()].filter(id => freed.get(id) === count)
    await tx.all(
      sql`update tasks set open_dependencies = open_dependencies - ${count}
          where ${tx.dialect.inList(sql`id`, children)}`,
    )
  }
}

async function end(context: Context, doomed: readonly Doomed[]): Promise<void> {
  if (doomed.length === 0) return
  const { dialect } = context.db
  const types = { id: 'text', status: 'text', caused_by: 'text' } as const
  const rows = doomed.map(({ id, status, causedBy }) => ({ id, status, caused_by: causedBy }))
  await context.db.all(
    sql`with doomed as materialized (select * from ${dialect.valuesTable(types, rows)} as list)
        update tasks set status = doomed.status, caused_by = doomed.caused_by, completed_at = ${dialect.now()},
          updated_at = ${dialect.now()}
        from doomed where ${dialect.equalsKey(raw('tasks.id'), 'doomed', 'id')}`,
  )
  await appendTaskEvents(
    context,
    doomed.map(({ id, status, causedBy }) => ({ what: status, data: { taskId: id, status, causedBy } })),
  )
}

/**
 * The tasks with these ids, as they stand. The update changes nothing, but on an engine with many writers it holds
 * them so until the transaction commits: else one that ends meanwhile would never hear of a new child.
 */
export async function lockTasks(tx: Db, ids: readonly string[]): Promise<Ended[]> {
  if (ids.length === 0) return []
  return tx.all<Ended>(
    sql`update tasks set token = token where ${tx.dialect.inList(sql`id`, ids)} returning id, status`,
  )
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
  errors_crc: number | null
}

export const attemptColumns = sql`id, token, assigned_to, attempts, max_attempts, backoff, errors, errors_crc`

/** How an attempt ended without success, and what comes now. */
export interface Setback {
  error: Json
  status: TaskStatus
  /** When a pending task can be claimed again; undefined for at once, and at its former place. */
  delayMs?: number | undefined
  event: TaskEvent['what']
  /** Who says so, for the event. Default: the handle's agent. */
  source?: string | null
  /** The lease lapsed: nobody has ended the claim, whose holder may still complete the task. */
  reason?: 'lapsed'
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
  const errors = addError(row, { attempt: row.attempts, agentId, error, at: new Date(context.clock.now()) })
  const crc = dialect.checksum('tasks', 'errors_crc', { id: row.id, errors })
  const isLast = isFinal(status)
  const lease = reason === 'lapsed' ? raw('') : sql`lease_until = null, lease_epoch = null,`
  const ended = await context.db.all(
    sql`update tasks set status = ${status}, errors = ${errors}, errors_crc = ${crc}, ${lease}
          assigned_to = ${isLast ? row.assigned_to : null}, completed_at = ${isLast ? dialect.now() : null},
          rank = case when ${delayMs === undefined} = 1 then rank end,
          run_at = ${delayMs === undefined ? sql`run_at` : dialect.now(delayMs)}, updated_at = ${dialect.now()}
        where id = ${row.id} and token = ${row.token} and ${isClaimed} returning id`,
  )
  if (ended.length === 0) return false
  const data = { taskId: row.id, status, attempt: row.attempts, agentId: row.assigned_to }
  await appendTaskEvents(context, [
    { what: event, source, data: { ...data, ...(reason !== undefined && { reason }) } },
  ])
  if (isLast) await settleDependents(context, [{ id: row.id, status }])
  return true
}

/** Ends the attempt of a claim that has lapsed: the task goes back to its place, or is dead when it was the last one. */
export async function endLapse(context: Context, row: AttemptRow): Promise<void> {
  const isLast = row.attempts >= row.max_attempts
  await endAttempt(context, row, {
    error: { message: 'the lease lapsed: its holder sent no heartbeat in time' },
    status: isLast ? 'dead' : 'pending',
    event: isLast ? 'dead' : 'released',
    reason: 'lapsed',
  })
}
