import type { Context } from '../context.ts'
import type { Db, Dialect } from '../db/db.ts'
import { leaseFor } from '../db/lease.ts'
import { writeAndFollow } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { Conflict, type NotFound } from '../errors.ts'
import type { Json } from '../util/json.ts'
import { readBackoff, retryDelayMs } from './attempts.ts'
import {
  type AttemptRow,
  attemptColumns,
  endAttempt,
  openEdges,
  settleDependents,
} from './settle-dependents.ts'
import { lateClaims, takeUp } from './take-up.ts'
import { isClaimed, noTask, type TaskStatus } from './task.ts'
import { appendTaskEvents, taskEventsOf } from './task-events.ts'

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
  /** The token of its last claim, which may be another worker's. */
  token: number | undefined
}

/** What the holder of a claim says of its task, as JSON text: its result, or its progress. */
export interface Report extends ClaimKey {
  text: string | null
}

/** An update of the tasks whose claims hold. */
interface HeldUpdate {
  /** What the report says: the column of its text has a checksum. */
  what: 'result' | 'progress'
  /** Assignments of the text and its checksum, among others. */
  assign: (text: Sql, checksum: Sql) => Sql
  /** What must hold besides, of all reports together; `areTheirs` is the condition that a column has one of their ids. */
  provided?: (areTheirs: (column: Sql) => Sql) => Sql
}

function updateHeld(
  { dialect }: Db,
  reports: readonly Report[],
  { what, assign, provided = () => raw('') }: HeldUpdate,
): Sql {
  const crc = ({ id, text }: Report) =>
    what === 'result'
      ? dialect.checksum('tasks', 'result_crc', { id, result: text })
      : dialect.checksum('tasks', 'progress_crc', { id, progress: text })
  const [first] = reports
  const returning = sql`returning tasks.id, tasks.assigned_to, tasks.attempts`
  if (first !== undefined && reports.length === 1) {
    const { id, token, text } = first
    return sql`update tasks set ${assign(sql`${text}`, sql`${crc(first)}`)}
               where tasks.id = ${id} and tasks.token = ${token} and ${isClaimed}
                 ${provided(column => sql`${column} = ${id}`)} ${returning}`
  }
  const rows = reports.map(report => ({ ...report, crc: crc(report) }))
  const said = dialect.valuesTable({ id: 'text', token: 'number', text: 'text?', crc: 'number?' }, rows)
  return sql`with said as materialized (select * from ${said} as list)
             update tasks set ${assign(raw('said.text'), raw('said.crc'))} from said
             where ${isHeldBy(dialect, 'said')} ${provided(column => dialect.inQuery(column, raw('select id from said')))}
             ${returning}`
}

/** The condition that a task is still claimed as a row of the table `claims` says. */
function isHeldBy(dialect: Dialect, claims: string): Sql {
  const isTheirs = dialect.equalsKey(raw('tasks.id'), claims, 'id')
  return sql`${isTheirs} and tasks.token = ${raw(`${claims}.token`)} and ${isClaimed}`
}

interface EndedRow {
  id: string
  assigned_to: string | null
  attempts: number
}

function completion(db: Db, reports: readonly Report[], provided?: HeldUpdate['provided']): Sql {
  const now = db.dialect.now()
  const assign = (text: Sql, crc: Sql) =>
    sql`status = 'completed', result = ${text}, result_crc = ${crc}, completed_at = ${now}, updated_at = ${now},
        lease_until = null, lease_epoch = null`
  return updateHeld(db, reports, { what: 'result', assign, ...(provided !== undefined && { provided }) })
}

const completedData = {
  taskId: { column: 'id' },
  status: 'completed',
  attempt: { column: 'attempts', isNumber: true },
}

/**
 * Ends the tasks whose claims hold, with their results, and lets those that waited for them go on. A claim that has
 * lapsed holds as long as nobody else has claimed the task.
 * @returns the ids of the tasks
 */
export async function completeTasks(context: Context, reports: readonly Report[]): Promise<Set<string>> {
  const held = await completeHeld(context, reports)
  const late = await lateClaims(
    context,
    reports.filter(({ id }) => !held.has(id)),
  )
  if (late.length === 0) return held
  const others = await context.db.transaction(async db => {
    for (const claim of late) await takeUp({ ...context, db }, claim)
    return completeHeld({ ...context, db }, late)
  })
  return new Set([...held, ...others])
}

async function completeHeld(context: Context, reports: readonly Report[]): Promise<Set<string>> {
  const { db } = context
  const change = (provided?: HeldUpdate['provided']) => ({
    write: completion(db, reports, provided),
    events: taskEventsOf(context, 'completed', completedData),
    isSingle: reports.length === 1,
  })
  const ids = reports.map(report => report.id)
  const rows = await writeAndFollow<EndedRow>(db, {
    change,
    query: () => openEdges(db.dialect.inList(sql`parent_id`, ids)),
    run: async (tx, ended) => {
      const parents = ended.map(({ id }) => ({ id, status: 'completed' as const }))
      await settleDependents({ ...context, db: tx }, parents)
    },
    unlessFollowed: () => ({
      ...change(areTheirs => sql`and not exists (${openEdges(areTheirs(raw('parent_id')))})`),
      check: written => db.dialect.assertNoDependents(written),
    }),
  })
  return new Set(rows.map(row => row.id))
}

/** Gives the claims that hold a new lease, and notes their progress where there is any. Returns the tasks' ids. */
export async function renewClaims(db: Db, reports: readonly Report[], leaseMs: number): Promise<Set<string>> {
  const rows = await db.all<{ id: string }>(
    updateHeld(db, reports, {
      what: 'progress',
      assign: (text, crc) => sql`${leaseFor(db.dialect, leaseMs)}, progress = coalesce(${text}, progress),
        progress_crc = coalesce(${crc}, progress_crc), updated_at = ${db.dialect.now()}`,
    }),
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
        where id = ${claim.id} and token = ${claim.token} and ${isClaimed}`,
  )
  return row ?? refuseStale(db, claim)
}

function nextStatus(row: AttemptRow, retry: boolean): 'pending' | 'failed' | 'dead' {
  if (!retry) return 'failed'
  return row.attempts < row.max_attempts ? 'pending' : 'dead'
}

/** A claim that is given up, and how long its task then waits, in milliseconds. */
export interface Release extends ClaimKey {
  delayMs: number
}

/**
 * Gives tasks back as if they had not been claimed: with the attempt refunded, to their former places, or after a delay.
 * @param context its `db` is the transaction
 * @returns the ids of the tasks whose claims held
 */
export async function releaseTasks(context: Context, releases: readonly Release[]): Promise<Set<string>> {
  const { db } = context
  const rows = releases.map(({ id, token, delayMs }) => ({ id, token, delay_ms: delayMs }))
  const table = db.dialect.valuesTable({ id: 'text', token: 'number', delay_ms: 'number' }, rows)
  const given = sql`with given as materialized (select * from ${table} as list)`
  const isHeld = isHeldBy(db.dialect, 'given')
  const holders = await db.all<{ id: string; assigned_to: string | null }>(
    sql`${given} select tasks.id, tasks.assigned_to from given, tasks where ${isHeld}`,
  )
  const released = await db.all<{ id: string }>(
    sql`${given} update tasks set status = 'pending', assigned_to = null, attempts = attempts - 1, lease_until = null,
          lease_epoch = null, rank = case when given.delay_ms = 0 then rank end,
          run_at = case when given.delay_ms = 0 then run_at else ${db.dialect.now(raw('given.delay_ms'))} end,
          updated_at = ${db.dialect.now()}
        from given where ${isHeld} returning tasks.id`,
  )
  const sources = new Map(holders.map(({ id, assigned_to }) => [id, assigned_to]))
  await appendTaskEvents(
    context,
    released.map(({ id }) => ({
      what: 'released',
      source: sources.get(id),
      data: { taskId: id, status: 'pending' },
    })),
  )
  return new Set(released.map(({ id }) => id))
}

/**
 * Ends a task that waits or runs, and those that depend on it. A worker of it finds its claim stale.
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
  await appendTaskEvents(context, [{ what: 'cancelled', data: { taskId: id, status: 'cancelled' } }])
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
    sql`select id, status, token from tasks where ${db.dialect.inList(sql`id`, ids)}`,
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
  throw staleToken(claim, theRow(await staleClaims(db, [claim], new Set())))
}

/** The error of a call with a stale token. */
export function staleToken(claim: ClaimKey, { id, status, token }: StaleClaim): Conflict | NotFound {
  if (status === undefined) return noTask(id)
  const state = status === 'running' && token !== claim.token ? 'running under another claim' : status
  return new Conflict(
    `token ${claim.token} of task ${JSON.stringify(id)} is stale: the task is ${state}`,
    {
      hint: 'Stop working on it: its claim has ended, and whatever was done since counts for nothing.',
      details: { id, status, token },
    },
    'stale_token',
  )
}
