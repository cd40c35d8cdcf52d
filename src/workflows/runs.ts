import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db, Dialect } from '../db/db.ts'
import { isLeased } from '../db/lease.ts'
import { oneLocked } from '../db/locked-records.ts'
import { appendEvents } from '../db/outbox.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, HivewaxError, NotFound } from '../errors.ts'
import { checkName, checkOneOf } from '../util/check.ts'
import { decodeLoose, isObject, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { serializeError } from '../util/serialize-error.ts'
import { toDate, toOptionalDate } from '../util/time.ts'
import { readLatest } from './latest-first.ts'
import { floor, lockWorkflow } from './workflow-state.ts'

export const statuses = ['open', 'completed', 'failed', 'cancelled'] as const

/** `open` until it has ended, whether a process works on it at present, or it sleeps, or waits. */
export type WorkflowStatus = (typeof statuses)[number]

/** Why a run failed: what its function threw. */
export interface WorkflowError {
  name: string
  message: string
  /** The code, when hivewax threw it. */
  code?: string
}

/** The run of a workflow: its code working through its steps, across crashes and processes. */
export interface WorkflowRun {
  id: string
  workflowType: string
  /** The version of the code that it was started with; only code of the same version goes on with it. */
  version: string
  status: WorkflowStatus
  input: Json
  /** Undefined until it has completed. */
  result: Json | undefined
  /** Undefined unless it has failed. */
  error: WorkflowError | undefined
  /** Who works on it at present; undefined when no process does. */
  owner: string | undefined
  /** When it goes on by itself. Undefined when it may at any time, waits for a signal without end, or has ended. */
  wakeAt: Date | undefined
  /** The signals that it waits for while no process works on it. */
  waitsFor: string[]
  /** The workflow whose steps it began with. */
  forkedFrom: string | undefined
  createdAt: Date
  updatedAt: Date
}

export interface RunFilter extends PageOptions {
  status?: WorkflowStatus | undefined
  type?: string | undefined
}

const storedColumns = {
  workflow_id: 'text',
  workflow_type: 'text',
  code_version: 'text',
  status: 'text',
  input: 'text',
  result: 'text?',
  error: 'text?',
  wake_at: 'time?',
  waits_for: 'text?',
  forked_from: 'text?',
  created_at: 'time',
  updated_at: 'time',
  input_crc: 'number?',
  end_crc: 'number?',
} as const satisfies Columns

/** A run, with who works on it at the moment of reading. */
export type RunRow = RowOf<typeof storedColumns> & { status: WorkflowStatus; owner: string | null }

const stored = listOf(storedColumns)

/** A run to begin; `input` is JSON text. */
export interface NewRun {
  id: string
  /** Omitted: the workflow's own type. */
  type: string | undefined
  version: string
  input: string
  forkedFrom?: string
}

/** A change of a run, for the event log: its type is `workflow.` and the word. */
interface RunEvent {
  what: 'started' | 'completed' | 'failed' | 'cancelled' | 'retried' | 'signalled'
  row: { workflow_id: string; workflow_type?: string; status?: WorkflowStatus }
  more?: { [field: string]: Json }
}

/** The `wake_at` of a run that may go on at once: early enough that no setting back of the clock delays it. */
export const readyAtOnce = new Date(0)

export function runColumns(dialect: Dialect): Sql {
  return sql`${stored}, case when ${isLeased(dialect)} then owner end as owner`
}

export async function readRun(db: Db, id: string): Promise<RunRow | undefined> {
  return oneLocked<RunRow>(
    db,
    { table: 'workflow_state', key: id },
    sql`select ${runColumns(db.dialect)} from hivewax_workflow_runs where workflow_id = ${id}`,
  )
}

/** The run of this id, which must be there. */
export async function theRun(db: Db, id: string): Promise<RunRow> {
  const row = await readRun(db, id)
  if (row !== undefined) return row
  throw new NotFound(`workflow ${JSON.stringify(id)} has no run`, {
    hint: 'Begin one with workflows.run() or workflows.start().',
    details: { workflowId: id },
  })
}

/**
 * Begins a run unless the workflow has one, and returns the one that it has then.
 * @throws Conflict when the one that it has is of another type
 */
export async function openRun(context: Context, run: NewRun): Promise<{ row: RunRow; isNew: boolean }> {
  const known = await readRun(context.db, run.id)
  if (known !== undefined) return { row: checkType(known, run.type), isNew: false }
  return context.db.transaction(async tx => {
    await lockWorkflow(tx, run.id, run.type)
    const isNew = await insertRun({ ...context, db: tx }, run)
    return { row: checkType(await theRun(tx, run.id), run.type), isNew }
  })
}

/** False when the workflow has a run already. */
export async function insertRun(context: Context, run: NewRun): Promise<boolean> {
  const { dialect } = context.db
  const given = { workflow_id: run.id, input: run.input }
  const inputCrc = dialect.checksum('hivewax_workflow_runs', 'input_crc', given)
  const [row] = await context.db.all<RunRow>(
    sql`insert into hivewax_workflow_runs
          (workflow_id, workflow_type, code_version, input, forked_from, token, wake_at, created_at, updated_at,
           input_crc)
        values (${run.id},
          coalesce(${run.type}, (select workflow_type from workflow_state where id = ${run.id})),
          ${run.version}, ${run.input}, ${run.forkedFrom}, ${floor}, ${readyAtOnce}, ${dialect.now()}, ${dialect.now()},
          ${inputCrc})
        on conflict (workflow_id) do nothing
        returning ${runColumns(dialect)}, ${dialect.assertAboveFloor(sql`hivewax_workflow_runs`, sql`token + 1`)} as issued`,
  )
  if (row === undefined) return false
  const more = run.forkedFrom === undefined ? {} : { forkedFrom: run.forkedFrom }
  await appendRunEvent(context, { what: 'started', row, more })
  return true
}

/** Appends the event of a change to a run, within the transaction that makes it. */
export async function appendRunEvent(context: Context, { what, row, more }: RunEvent): Promise<void> {
  const { workflow_id: workflowId, workflow_type: workflowType, status } = row
  const known = workflowType === undefined ? {} : { workflowType }
  const data = { workflowId, ...known, ...(status !== undefined && { status }), ...more }
  await appendEvents(context.db, [{ type: `workflow.${what}`, source: context.agentId ?? 'system', data }])
}

/** Cancels a run that is open; one that has ended stays as it is. */
export async function cancelRun(context: Context, id: string): Promise<RunRow> {
  return context.db.transaction(async tx => {
    await lockRun(tx, id)
    const [row] = await tx.all<RunRow>(
      sql`update hivewax_workflow_runs set status = 'cancelled', ${releaseRun}, updated_at = ${tx.dialect.now()}
          where workflow_id = ${id} and status = 'open' returning ${runColumns(tx.dialect)}`,
    )
    if (row === undefined) return theRun(tx, id)
    await appendRunEvent({ ...context, db: tx }, { what: 'cancelled', row })
    return row
  })
}

/** Opens a run again that has failed or was cancelled. Its steps stay, and code of `version` goes on with it. */
export async function retryRun(context: Context, id: string, version: string | undefined): Promise<RunRow> {
  return context.db.transaction(async tx => {
    await lockRun(tx, id)
    const [row] = await tx.all<RunRow>(
      sql`update hivewax_workflow_runs set status = 'open', error = null, end_crc = null, wake_at = ${readyAtOnce},
            code_version = coalesce(${version}, code_version), updated_at = ${tx.dialect.now()}
          where workflow_id = ${id} and status in ('failed', 'cancelled') returning ${runColumns(tx.dialect)}`,
    )
    if (row === undefined) throw notEnded(await theRun(tx, id))
    await appendRunEvent({ ...context, db: tx }, { what: 'retried', row })
    return row
  })
}

/** The assignments that leave a run without a process that works on it. */
export const releaseLease = sql`owner = null, lease_until = null, lease_epoch = null, lapses = 0`

/** The assignments that leave it without anything that it waits for, too. */
export const releaseRun = sql`${releaseLease}, wake_at = null, waits_for = null`

/** The result of a run that has ended, or the error that says why there is none. */
export function resultOf(row: RunRow): Json {
  verified('hivewax_workflow_runs', row)
  if (row.status === 'completed') return decodeLoose(row.result ?? 'null')
  const error = row.status === 'failed' ? readError(row.error) : undefined
  const why = error === undefined ? 'was cancelled' : `failed: ${error.message}`
  throw new Conflict(`workflow ${JSON.stringify(row.workflow_id)} ${why}`, {
    hint: 'workflows.retry() opens it again, with the steps that are done.',
    details: { workflowId: row.workflow_id, status: row.status, ...(error && { error: { ...error } }) },
  })
}

/** What a function threw, as the JSON text of a WorkflowError. */
export function errorText(error: unknown): string {
  return JSON.stringify({
    ...serializeError(error),
    ...(error instanceof HivewaxError && { code: error.code }),
  })
}

/** Runs, the one begun last first. */
export async function listRuns(db: Db, filter: RunFilter): Promise<Page<WorkflowRun>> {
  const limit = pageLimit(filter.limit)
  const rows = await readLatest<RunRow>(
    db,
    {
      table: sql`hivewax_workflow_runs`,
      columns: runColumns(db.dialect),
      time: sql`created_at`,
      id: sql`workflow_id`,
      ...conditions(filter),
    },
    { after: cursorPosition(filter.cursor, 2), limit: limit + 1, signal: filter.signal },
  )
  return toPage(rows, limit, { item: fromRunRow, position: row => [row.created_at, row.workflow_id] })
}

/** One index has all runs, another one those that have not completed, which are few. */
function conditions({ status, type }: RunFilter): { served: Sql; filter: Sql | undefined } {
  const ofType = type === undefined ? undefined : sql`workflow_type = ${checkName('type', type)}`
  if (status === undefined) return { served: sql`1 = 1`, filter: ofType }
  const isSo = sql`status = ${checkOneOf('status', status, statuses)}`
  if (status !== 'completed') return { served: sql`${isSo} and status <> 'completed'`, filter: ofType }
  return { served: sql`1 = 1`, filter: ofType === undefined ? isSo : sql`${isSo} and ${ofType}` }
}

export function fromRunRow(row: RunRow): WorkflowRun {
  verified('hivewax_workflow_runs', row)
  const wakeAt = toOptionalDate(row.wake_at)
  const waitsFor = row.waits_for === null ? [] : decodeLoose(row.waits_for)
  return {
    id: row.workflow_id,
    workflowType: row.workflow_type,
    version: row.code_version,
    status: row.status,
    input: decodeLoose(row.input),
    result: row.result === null ? undefined : decodeLoose(row.result),
    error: row.error === null ? undefined : readError(row.error),
    owner: row.owner ?? undefined,
    wakeAt: wakeAt?.getTime() === readyAtOnce.getTime() ? undefined : wakeAt,
    waitsFor: Array.isArray(waitsFor) ? waitsFor.map(String) : [],
    forkedFrom: row.forked_from ?? undefined,
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
  }
}

/** Locks the rows of a run until the end of the transaction, in the order that all transactions do. */
async function lockRun(tx: Db, id: string): Promise<void> {
  await theRun(tx, id)
  await lockWorkflow(tx, id)
}

function readError(text: string | null): WorkflowError {
  const error = text === null ? null : decodeLoose(text)
  if (!isObject(error)) return { name: 'Error', message: String(error) }
  const { name = 'Error', message = '', code } = error
  return { name: String(name), message: String(message), ...(code !== undefined && { code: String(code) }) }
}

function checkType(row: RunRow, type: string | undefined): RunRow {
  if (type === undefined || type === row.workflow_type) return row
  throw new Conflict(
    `workflow ${JSON.stringify(row.workflow_id)} is of type ${JSON.stringify(row.workflow_type)}, not ${JSON.stringify(type)}`,
    { hint: 'Use another id.', details: { workflowId: row.workflow_id, workflowType: row.workflow_type } },
  )
}

function notEnded({ workflow_id: workflowId, status }: RunRow): Conflict {
  return new Conflict(
    `workflow ${JSON.stringify(workflowId)} is ${status}: only one that failed or was cancelled can be retried`,
    { hint: 'To go through its steps again, fork it.', details: { workflowId, status } },
  )
}
