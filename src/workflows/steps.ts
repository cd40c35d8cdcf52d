import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { oneLocked } from '../db/locked-records.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { toDate } from '../util/time.ts'
import { unsaved, columns as workflowColumns } from './workflow-state.ts'

/** What a step was: work that was done, a sleep that is over, or a wait for a signal that has ended. */
export type StepKind = 'step' | 'sleep' | 'wait'

/** A step that is done for good. */
export interface WorkflowStep {
  name: string
  iteration: number
  kind: StepKind
  /** Of a sleep null; of a wait `{ signal }` with what was sent, or `{ timedOut: true }`. */
  result: Json
  completedAt: Date
}

export interface StepOptions {
  /** Tells the rounds of a loop apart: each has a result of its own. A whole number from 0, the default. */
  iteration?: number | undefined
}

/** A value as JSON gives it back: a Date is its ISO string, nothing is null. */
export type Kept<T> = T extends void
  ? null
  : T extends Date
    ? string
    : T extends Json
      ? T
      : T extends object
        ? { [K in keyof T]: Kept<T[K]> }
        : T

const stepColumns = {
  workflow_id: 'text',
  step: 'text',
  iteration: 'number',
  kind: 'text',
  result: 'text',
  completed_at: 'time',
  seq: 'number',
  crc: 'number?',
} as const satisfies Columns

export type StepRow = RowOf<typeof stepColumns> & { kind: StepKind }

/** Which step of which workflow. */
export interface StepAddress {
  id: string
  name: string
  iteration: number
}

/** So many steps a workflow may have: a process that resumes it must read them all. */
const maxSteps = 10_000

export const columns = listOf(stepColumns)

export function stepAddress(id: string, name: string, { iteration = 0 }: StepOptions = {}): StepAddress {
  return {
    id: checkName('id', id),
    name: checkName('name', name),
    iteration: checkInteger('iteration', iteration, 0),
  }
}

/** The condition that a row of steps or timers is of this step. */
export function isAt({ id, name, iteration }: StepAddress): Sql {
  return sql`workflow_id = ${id} and step = ${name} and iteration = ${iteration}`
}

export async function readStep(db: Db, at: StepAddress): Promise<StepRow | undefined> {
  const row = await oneLocked<StepRow>(
    db,
    { table: 'workflow_state', key: at.id },
    sql`select ${columns} from hivewax_workflow_steps where ${isAt(at)}`,
  )
  return row && verified('hivewax_workflow_steps', row)
}

/**
 * Keeps a result unless another was first, in a transaction, beginning the workflow when there is none. Returns the
 * row that is there then.
 * @throws InvalidInput `too_large` when the workflow has 10,000 steps already
 */
export async function keepStep(
  tx: Db,
  at: StepAddress,
  { kind, result }: Pick<StepRow, 'kind' | 'result'>,
): Promise<StepRow> {
  const [counted] = await tx.all<{ step_count: number }>(
    sql`insert into workflow_state (${workflowColumns}, step_count)
        values (${unsaved(tx, at.id)}, 1)
        on conflict (id) do update set step_count = workflow_state.step_count + 1
          where not exists (select 1 from hivewax_workflow_steps where ${isAt(at)})
        returning step_count, ${tx.dialect.assertAboveFloor(sql`workflow_state`, sql`version + 1`)} as issued`,
  )
  const seq = counted?.step_count ?? 0
  if (seq > maxSteps) throw tooMany(at)
  const key = { workflow_id: at.id, step: at.name, iteration: at.iteration }
  const crc = tx.dialect.checksum('hivewax_workflow_steps', 'crc', { ...key, kind, result })
  const [row] = await tx.all<StepRow>(
    sql`insert into hivewax_workflow_steps (${columns})
        values (${at.id}, ${at.name}, ${at.iteration}, ${kind}, ${result}, ${tx.dialect.now()}, ${seq}, ${crc})
        on conflict (workflow_id, step, iteration) do nothing
        returning ${columns}`,
  )
  return row ?? theRow([await readStep(tx, at)].filter(kept => kept !== undefined))
}

export function fromStepRow(row: StepRow): WorkflowStep {
  verified('hivewax_workflow_steps', row)
  return {
    name: row.step,
    iteration: row.iteration,
    kind: row.kind,
    result: decodeLoose(row.result),
    completedAt: toDate(row.completed_at),
  }
}

/** A step as messages name it. */
export function stepName({ id, name, iteration }: StepAddress): string {
  const round = iteration === 0 ? '' : ` (iteration ${iteration})`
  return `step ${JSON.stringify(name)}${round} of workflow ${JSON.stringify(id)}`
}

function tooMany(at: StepAddress): InvalidInput {
  return new InvalidInput(
    `${stepName(at)} would be one too many: a workflow has at most ${maxSteps} steps`,
    {
      hint: 'Do more in one step, or start further workflows for parts of the work and wait for their signals.',
      details: { workflowId: at.id, limit: maxSteps },
    },
    'too_large',
  )
}
