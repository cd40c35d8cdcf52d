import type { Context } from '../context.ts'
import type { Db, Dialect } from '../db/db.ts'
import { isLapsed, leaseFor } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, Deadline } from '../errors.ts'
import { uuidv7 } from '../util/ids.ts'
import {
  appendRunEvent,
  type RunRow,
  readRun,
  readyAtOnce,
  releaseLease,
  releaseRun,
  runColumns,
} from './runs.ts'
import type { StepRow } from './steps.ts'
import { lockWorkflow } from './workflow-state.ts'

/** The lease of a run, as the process that works on it holds it: `token` proves it, and is higher for every later one. */
export interface RunLease {
  id: string
  token: number
  leaseMs: number
  /** How often in a row it was taken over from a lease that had lapsed, without a step kept in between. */
  lapses: number
}

export interface ClaimedRun {
  row: RunRow
  lease: RunLease
}

/** Which runs a process has the code for. */
interface Code {
  type: string
  version: string
}

/** Which runs to claim. */
export interface ClaimableRuns extends Code {
  /**
   * Only those that have lapsed before, each of which may be what ends the processes that work on it, or only the
   * others. A run is taken over once before it is a suspect: most processes end for reasons of their own.
   */
  suspects: boolean
}

type ClaimedRow = RunRow & { token: number; lapses: number }

/** Takes a run if it is open and no process works on it, whatever it waits for. */
export async function claimRun(
  context: Context,
  id: string,
  leaseMs: number,
): Promise<ClaimedRun | undefined> {
  const [claimed] = await claim(context, sql`workflow_id = ${id}`, leaseMs)
  return claimed
}

/**
 * Takes up to `limit` runs of a type, of this version of the code, that no process works on and that may go on. The
 * statement that takes them checks all of it again, and only what it returns is taken: of several processes that
 * saw the same run one gets it.
 */
export async function claimDue(
  context: Context,
  wanted: ClaimableRuns,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<ClaimedRun[]> {
  const { dialect } = context.db
  const due = await findDue(context.db, wanted, limit)
  if (due.length === 0) return []
  const saw = dialect.inList(sql`workflow_id`, due)
  return claim(context, sql`${saw} and ${isWanted(wanted)} and wake_at <= ${dialect.now()}`, leaseMs)
}

/** The ids of up to `limit` runs that could be claimed at this moment. */
export async function findDue(db: Db, wanted: ClaimableRuns, limit: number): Promise<string[]> {
  const due = await db.all<{ workflow_id: string }>(dueSql(db.dialect, wanted, limit))
  return due.map(row => row.workflow_id)
}

function isWanted({ type, version, suspects }: ClaimableRuns): Sql {
  const which = suspects ? sql`lapses > 0` : sql`lapses = 0`
  return sql`status = 'open' and workflow_type = ${type} and code_version = ${version} and ${which}`
}

/**
 * Those that may go on at once, in the order they came to, and those whose time has come, in the order it did; of
 * both together the ones that have waited the longest.
 */
function dueSql(dialect: Dialect, wanted: ClaimableRuns, limit: number): Sql {
  const head = (when: Sql, order: Sql) => sql`
    select * from (
      select workflow_id, updated_at from hivewax_workflow_runs
      where ${isWanted(wanted)} and ${when} and ${isLapsed(dialect)}
      order by ${order} limit ${limit}) as head`
  return sql`
    select workflow_id from (
      ${head(sql`wake_at = ${readyAtOnce}`, sql`updated_at`)} union all
      ${head(sql`wake_at > ${readyAtOnce} and wake_at <= ${dialect.now()}`, sql`wake_at`)}) as due
    order by updated_at limit ${limit}`
}

async function claim(context: Context, which: Sql, leaseMs: number): Promise<ClaimedRun[]> {
  const { db, clock, agentId } = context
  const rows = await db.all<ClaimedRow>(
    sql`update hivewax_workflow_runs set owner = ${agentId ?? uuidv7(clock.now())},
          token = (select case when value > hivewax_workflow_runs.token then value
                          else hivewax_workflow_runs.token end + 1
                   from hivewax_counters where name = 'floor'),
          lapses = lapses + case when owner is null then 0 else 1 end,
          ${leaseFor(db.dialect, leaseMs)}, wake_at = ${readyAtOnce}, waits_for = null
        where ${which} and status = 'open' and ${isLapsed(db.dialect)}
        returning ${runColumns(db.dialect)}, token, lapses`,
  )
  return rows.map(row => ({
    row,
    lease: { id: row.workflow_id, token: row.token, leaseMs, lapses: row.lapses },
  }))
}

/**
 * Renews the lease.
 * @throws Conflict `stale_token` when the run has ended, or passed to another, though the lease may only have lapsed
 */
export async function renewRunLease(db: Db, lease: RunLease): Promise<void> {
  await renew(db, lease, leaseFor(db.dialect, lease.leaseMs))
}

async function renew(db: Db, lease: RunLease, change: Sql): Promise<void> {
  const rows = await db.all(
    sql`update hivewax_workflow_runs set ${change} where ${isHeld(lease)} returning token`,
  )
  if (rows.length === 0) throw await whyNotHeld(db, lease)
}

/**
 * Keeps the result that `settle` comes to, and renews the lease, or neither. Whatever is kept is progress: the run is
 * no suspect any more. Undefined, when there is nothing to be kept, leaves that as it was.
 */
export async function keepProgress<Row extends StepRow | undefined>(
  db: Db,
  lease: RunLease,
  settle: (tx: Db) => Promise<Row>,
): Promise<Row> {
  const kept = await db.transaction(async tx => {
    await lockWorkflow(tx, lease.id)
    await renewRunLease(tx, lease)
    const row = await settle(tx)
    if (row !== undefined && lease.lapses > 0) await renew(tx, lease, sql`lapses = 0`)
    return row
  })
  if (kept !== undefined) lease.lapses = 0
  return kept
}

/** So many times in a row a run may lapse; then it fails, and takes no further process down. */
export const maxLapses = 5

/** The error of a run that lapsed as often as it may. */
export function lapsedTooOften({ id, lapses }: RunLease): Deadline {
  return new Deadline(
    `workflow ${JSON.stringify(id)} was taken over from a lapsed lease ${lapses} times in a row, and none of them kept a step`,
    {
      hint: 'Its code may end or block the process, or the store may refuse its steps. When that is cured, retry it.',
      details: { workflowId: id, lapses },
    },
  )
}

/** How a run ends. */
interface Ending {
  status: 'completed' | 'failed'
  /** The JSON of its result or of its error. */
  text: string
}

/** Ends a run. Its event commits with it. */
export async function finishRun(context: Context, lease: RunLease, { status, text }: Ending): Promise<void> {
  const { dialect } = context.db
  const [result, error] = status === 'completed' ? [text, null] : [null, text]
  const end = { workflow_id: lease.id, result, error }
  const endCrc = dialect.checksum('hivewax_workflow_runs', 'end_crc', end)
  await context.db.transaction(async tx => {
    const [row] = await tx.all<RunRow>(
      sql`update hivewax_workflow_runs set status = ${status}, result = ${result}, error = ${error}, end_crc = ${endCrc},
            ${releaseRun}, updated_at = ${dialect.now()}
          where ${isHeld(lease)} returning ${runColumns(dialect)}`,
    )
    if (row === undefined) throw await whyNotHeld(tx, lease)
    const more = status === 'failed' ? { error: JSON.parse(text) } : {}
    await appendRunEvent({ ...context, db: tx }, { what: status, row, more })
  })
}

/** When a run that is given back may go on: at a time, or when one of these signals was sent. */
export interface Wakening {
  /** Undefined: only when it is signalled. */
  wakeAt: Date | undefined
  waitsFor: readonly string[]
}

/**
 * Gives a run back, for the next process that goes on with it. False, and nothing is changed, when one of the signals is
 * there already: senders and this take the same lock, so none is missed.
 */
export async function giveBack(db: Db, lease: RunLease, { wakeAt, waitsFor }: Wakening): Promise<boolean> {
  return db.transaction(async tx => {
    await lockWorkflow(tx, lease.id)
    if (await isSignalled(tx, lease.id, waitsFor)) return false
    const rows = await tx.all(
      sql`update hivewax_workflow_runs set ${releaseLease}, wake_at = ${wakeAt}, waits_for = ${JSON.stringify(waitsFor)},
            updated_at = ${tx.dialect.now()}
          where ${isHeld(lease)} returning token`,
    )
    if (rows.length === 0) throw await whyNotHeld(tx, lease)
    return true
  })
}

async function isSignalled(tx: Db, id: string, names: readonly string[]): Promise<boolean> {
  if (names.length === 0) return false
  const rows = await tx.all(
    sql`select 1 from hivewax_workflow_signals
        where workflow_id = ${id} and ${tx.dialect.inList(sql`name`, names)} limit 1`,
  )
  return rows.length > 0
}

/** The condition that the run was neither given back, nor ended, nor taken over by another process. */
function isHeld({ id, token }: RunLease): Sql {
  return sql`workflow_id = ${id} and token = ${token} and status = 'open' and owner is not null`
}

/** Why a run is not this holder's any more. */
async function whyNotHeld(db: Db, { id, token }: RunLease): Promise<Conflict> {
  const row = await readRun(db, id)
  const isTaken = row?.status === 'open'
  const change = isTaken ? 'was taken over by another' : `is ${row?.status}`
  const what = row === undefined ? 'was deleted' : change
  return new Conflict(
    `workflow ${JSON.stringify(id)} ${what} since token ${token} was given: nothing was stored`,
    { hint: 'Stop working on it.', details: { workflowId: id, token, status: row?.status } },
    'stale_token',
  )
}
