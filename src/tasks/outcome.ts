import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { leaseFor } from '../db/lease.ts'
import { theRow } from '../db/rows.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import type { Json } from '../util/json.ts'
import { readBackoff, retryDelayMs } from './attempts.ts'
import { tell } from './events.ts'
import { type AttemptRow, attemptColumns, endAttempt, settleDependents } from './settle.ts'
import { noTask, type TaskStatus } from './task.ts'

/** The task and the token of a claim: what its holder acts by. */
export interface ClaimKey {
  id: string
  token: number
}

/** A task that its former claimant has lost, as it stands now. */
export interface StaleClaim {
  id: string
  /** Undefined when there is no such task (any more). */
  status: TaskStatus | undefined
  /** The token of its last claim, which may be somebody else's. */
  token: number | undefined
}

/** What the holder of a claim says of its task, as JSON text: its result, or its progress. */
export interface Report extends ClaimKey {
  text: string | undefined
}

/**
 * An update of the tasks whose claims hold.
 * @param assignments of what the report `said.text` says, among others
 */
function updateHeld({ dialect }: Db, reports: readonly Report[], assignments: (text: Sql) => Sql): Sql {
  const [first] = reports
  const isHeld = (id: Sql, token: Sql) =>
    sql`tasks.id = ${id} and tasks.token = ${token} and tasks.status = 'running'`
  if (first !== undefined && reports.length === 1) {
    return sql`update tasks set ${assignments(sql`${first.text}`)} where ${isHeld(sql`${first.id}`, sql`${first.token}`)}
               returning tasks.id, tasks.assigned_to, tasks.attempts`
  }
  const rows = reports.map(({ id, token, text }) => [id, token, text ?? null])
  return sql`update tasks set ${assignments(raw('said.text'))}
             from ${dialect.table(['id', 'token', 'text'], rows)} as said
             where ${isHeld(raw('said.id'), raw('said.token'))}
             returning tasks.id, tasks.assigned_to, tasks.attempts`
}

/**
 * Ends the tasks whose claims hold, with their results, and lets those that waited for them go on.
 * @param context its `db` is the transaction
 * @returns the ids of the tasks
 */
export async function completeTasks(context: Context, reports: readonly Report[]): Promise<Set<string>> {
  const { dialect } = context.db
  const rows = await context.db.all<{ id: string; assigned_to: string | null; attempts: number }>(
    updateHeld(
      context.db,
      reports,
      text => sql`status = 'completed', result = ${text}, completed_at = ${dialect.now()},
                  updated_at = ${dialect.now()}, lease_until = null, lease_epoch = null`,
    ),
  )
  await tell(
    context,
    rows.map(({ id, assigned_to, attempts }) => ({
      what: 'completed',
      source: assigned_to,
      data: { taskId: id, status: 'completed', attempt: attempts },
    })),
  )
  await settleDependents(
    context,
    rows.map(({ id }) => ({ id, status: 'completed' })),
  )
  return new Set(rows.map(row => row.id))
}

/** Gives the claims that hold a new lease, and notes their progress where there is any. Returns the tasks' ids. */
export async function renewClaims(db: Db, reports: readonly Report[], leaseMs: number): Promise<Set<string>> {
  const rows = await db.all<{ id: string }>(
    updateHeld(
      db,
      reports,
      text => sql`${leaseFor(db.dialect, leaseMs)}, progress = coalesce(${text}, progress),
                  updated_at = ${db.dialect.now()}`,
    ),
  )
  return new Set(rows.map(row => row.id))
}

/**
 * Ends an attempt that failed. The task waits for the next one, unless this was the last or must be.
 * @param context its `db` is the transaction
 */
export async function failTask(
  context: Context,
  { error, retry, ...claim }: ClaimKey & { error: Json; retry: boolean },
): Promise<TaskStatus> {
  const row = await findAttempt(context.db, claim)
  const status = nextStatus(row, retry)
  const delayMs = status === 'pending' ? retryDelayMs(readBackoff(row.backoff), row.attempts) : undefined
  const event = status === 'dead' ? 'dead' : 'failed'
  const ended = await endAttempt(context, row, { error, status, delayMs, event, source: row.assigned_to })
  return ended ? status : refuseStale(context.db, claim)
}

/** The attempt that a claim stands for, or Conflict when it has ended. */
async function findAttempt(db: Db, claim: ClaimKey): Promise<AttemptRow> {
  const [row] = await db.all<AttemptRow>(
    sql`select ${attemptColumns} from tasks
        where id = ${claim.id} and token = ${claim.token} and status = 'running'`,
  )
  return row ?? refuseStale(db, claim)
}

function nextStatus(row: AttemptRow, retry: boolean): 'pending' | 'failed' | 'dead' {
  if (!retry) return 'failed'
  return row.attempts < row.max_attempts ? 'pending' : 'dead'
}

/**
 * Gives a task back as if it had not been claimed: with the attempt refunded, to its former place, or after a delay.
 * @param context its `db` is the transaction
 */
export async function releaseTask(context: Context, claim: ClaimKey, delayMs: number): Promise<void> {
  const { dialect } = context.db
  const attempt = await findAttempt(context.db, claim)
  const released = await context.db.all(
    sql`update tasks set status = 'pending', assigned_to = null, attempts = attempts - 1, lease_until = null,
          lease_epoch = null, rank = case when ${delayMs} = 0 then rank end,
          run_at = case when ${delayMs} = 0 then run_at else ${dialect.now(delayMs)} end, updated_at = ${dialect.now()}
        where id = ${claim.id} and token = ${claim.token} and status = 'running' returning id`,
  )
  if (released.length === 0) return refuseStale(context.db, claim)
  await tell(context, [
    { what: 'released', source: attempt.assigned_to, data: { taskId: claim.id, status: 'pending' } },
  ])
}

/**
 * Ends a task that waits or runs, and those that depend on it. Who works on it finds its claim stale.
 * @param context its `db` is the transaction
 * @returns the ids of the cancelled tasks, none when it had been cancelled before
 */
export async function cancelTask(context: Context, id: string): Promise<string[]> {
  const now = context.db.dialect.now()
  const [cancelled] = await context.db.all(
    sql`update tasks set status = 'cancelled', completed_at = ${now}, updated_at = ${now}, lease_until = null,
          lease_epoch = null
        where id = ${id} and status in ('pending', 'running') returning id`,
  )
  if (cancelled === undefined) return refuseEnded(context.db, id)
  await tell(context, [{ what: 'cancelled', data: { taskId: id, status: 'cancelled' } }])
  const others = await settleDependents(context, [{ id, status: 'cancelled' }])
  return [id, ...others.map(task => task.id)]
}

async function refuseEnded(db: Db, id: string): Promise<string[]> {
  const [task] = await db.all<{ status: TaskStatus }>(sql`select status from tasks where id = ${id}`)
  if (task === undefined) throw noTask(id)
  if (task.status === 'cancelled') return []
  throw new Conflict(`task ${JSON.stringify(id)} is ${task.status} and cannot be cancelled`, {
    details: { id, status: task.status },
  })
}

/** Those of the claims that did not hold, with what became of their tasks. */
export async function staleClaims(
  db: Db,
  claims: readonly ClaimKey[],
  held: ReadonlySet<string>,
): Promise<StaleClaim[]> {
  const ids = claims.map(claim => claim.id).filter(id => !held.has(id))
  if (ids.length === 0) return []
  const rows = await db.all<ClaimKey & { status: TaskStatus }>(
    sql`select id, status, token from tasks where ${db.dialect.oneOf(sql`id`, ids)}`,
  )
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => ({ id, status: byId.get(id)?.status, token: byId.get(id)?.token }))
}

/** Those of the claims that have ended. */
export async function endedClaims(db: Db, claims: readonly ClaimKey[]): Promise<StaleClaim[]> {
  const all = await staleClaims(db, claims, new Set())
  const tokens = new Map(claims.map(({ id, token }) => [id, token]))
  return all.filter(({ id, status, token }) => status !== 'running' || token !== tokens.get(id))
}

/** Refuses a call with a stale token, saying what became of the task. */
export async function refuseStale(db: Db, claim: ClaimKey): Promise<never> {
  const { id, status, token } = theRow(await staleClaims(db, [claim], new Set()))
  if (status === undefined) throw noTask(id)
  const state = status === 'running' && token !== claim.token ? `running under token ${token}` : status
  throw new Conflict(
    `token ${claim.token} of task ${JSON.stringify(id)} is stale: the task is ${state}`,
    {
      hint: 'Stop working on it: its claim has ended, and whatever was done since counts for nothing.',
      details: { id, status, token },
    },
    'stale_token',
  )
}
