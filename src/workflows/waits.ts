import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { toDate } from '../util/time.ts'
import { keepProgress, type RunLease, renewRunLease } from './run-lease.ts'
import { appendRunEvent, readyAtOnce } from './runs.ts'
import { isAt, keepStep, type StepAddress, type StepRow } from './steps.ts'
import { lockWorkflow } from './workflow-state.ts'

/** A signal that was sent to a workflow. */
export interface WorkflowSignal {
  name: string
  payload: Json
  sentAt: Date
}

/** A sleep, or a wait for the signal of its name, that is not over yet. */
export interface Wait {
  at: StepAddress
  kind: 'sleep' | 'wait'
  /** When it is over at the latest. */
  dueAt: Date | undefined
}

const signalColumns = {
  workflow_id: 'text',
  name: 'text',
  payload: 'text',
  sent_at: 'time',
  crc: 'number?',
} as const satisfies Columns

type SignalRow = RowOf<typeof signalColumns>

const columns = listOf(signalColumns)

/** Keeps a signal unless one of its name was sent before, wakes the run that waits for it, and returns what is kept. */
export async function sendSignal(
  context: Context,
  id: string,
  { name, payload }: Pick<SignalRow, 'name' | 'payload'>,
): Promise<WorkflowSignal> {
  const row = await context.db.transaction(async tx => {
    await lockWorkflow(tx, id)
    const given = { workflow_id: id, name, payload }
    const crc = tx.dialect.checksum('hivewax_workflow_signals', 'crc', given)
    const [sent] = await tx.all<SignalRow>(
      sql`insert into hivewax_workflow_signals (${columns})
          values (${id}, ${name}, ${payload}, ${tx.dialect.now()}, ${crc})
          on conflict (workflow_id, name) do nothing returning ${columns}`,
    )
    if (sent === undefined) return theRow(await tx.all<SignalRow>(signalSql(id, name)))
    await tx.all(
      sql`update hivewax_workflow_runs set wake_at = ${readyAtOnce}, waits_for = null
          where workflow_id = ${id} and status = 'open' and ${tx.dialect.jsonArrayHas(sql`waits_for`, name)}`,
    )
    const row = { workflow_id: id }
    await appendRunEvent({ ...context, db: tx }, { what: 'signalled', row, more: { name } })
    return sent
  })
  const sent = verified('hivewax_workflow_signals', row)
  return { name: sent.name, payload: decodeLoose(sent.payload), sentAt: toDate(sent.sent_at) }
}

/** Notes when a sleep or a wait is over, unless that is known from an earlier attempt, and returns the time. */
export async function startTimer(
  db: Db,
  lease: RunLease,
  { at, end }: { at: StepAddress; end: Date | number },
): Promise<Date> {
  return db.transaction(async tx => {
    await lockWorkflow(tx, lease.id)
    await renewRunLease(tx, lease)
    await tx.all(
      sql`insert into hivewax_workflow_timers (workflow_id, step, iteration, due_at)
          values (${at.id}, ${at.name}, ${at.iteration}, ${end instanceof Date ? end : tx.dialect.now(end)})
          on conflict (workflow_id, step, iteration) do nothing`,
    )
    const rows = await tx.all<{ due_at: string }>(
      sql`select due_at from hivewax_workflow_timers where ${isAt(at)}`,
    )
    return toDate(theRow(rows).due_at)
  })
}

/**
 * Keeps how a sleep or a wait has ended, as a step, when it has: then nothing that happens later changes it. A
 * signal counts when it was sent in time, however late it is read.
 */
export async function settleWait(db: Db, lease: RunLease, wait: Wait): Promise<StepRow | undefined> {
  if ((await outcome(db, wait)) === undefined) return undefined
  return keepProgress(db, lease, async tx => {
    const result = await outcome(tx, wait)
    if (result === undefined) return undefined
    await tx.all(sql`delete from hivewax_workflow_timers where ${isAt(wait.at)}`)
    return keepStep(tx, wait.at, { kind: wait.kind, result })
  })
}

/** How it has ended, as the JSON text of the step's result, or undefined when it has not. */
async function outcome(db: Db, { at, kind, dueAt }: Wait): Promise<string | undefined> {
  const [timer] = await db.all<{ due: number }>(
    sql`select case when due_at <= ${db.dialect.now()} then 1 else 0 end as due
        from hivewax_workflow_timers where ${isAt(at)}`,
  )
  const [signal] = kind === 'wait' ? await db.all<SignalRow>(signalSql(at.id, at.name)) : []
  const isInTime = signal !== undefined && (dueAt === undefined || toDate(signal.sent_at) <= dueAt)
  if (isInTime) return `{"signal":${verified('hivewax_workflow_signals', signal).payload}}`
  if (dueAt === undefined || timer?.due !== 1) return undefined
  return kind === 'sleep' ? 'null' : '{"timedOut":true}'
}

function signalSql(id: string, name: string) {
  return sql`select ${columns} from hivewax_workflow_signals
             where workflow_id = ${id} and name = ${name}`
}
