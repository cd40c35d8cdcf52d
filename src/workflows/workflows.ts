import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'

/** A workflow: where it stands, so that it can go on after a crash. */
export interface WorkflowRecord {
  id: string
  /** What kind of workflow; `default` when nobody said. */
  workflowType: string
  /** Null when steps have run but nothing was saved yet. */
  state: Json
  /** Whatever the caller needs to go on from, beside the state. */
  checkpoint: Json | undefined
  /** Rises by 1 with every save and is never used twice for an id, not even after a delete. */
  version: number
  createdAt: Date
  updatedAt: Date
}

/** What a workflow was at one save. */
export interface WorkflowVersion {
  version: number
  state: Json
  checkpoint: Json | undefined
  savedAt: Date
}

/** A step that is done for good. */
export interface WorkflowStep {
  name: string
  iteration: number
  result: Json
  completedAt: Date
}

export interface SaveWorkflowOptions {
  /** What kind of workflow. Omitted, it stays what it was; `default` for a new one. */
  workflowType?: string | undefined
  /** JSON to go on from, beside the state. Omitted, it stays what it was. */
  checkpoint?: unknown
}

export interface WorkflowFilter extends PageOptions {
  workflowType?: string | undefined
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
    : T extends object
      ? { [K in keyof T]: Kept<T[K]> }
      : T

/** How many versions the history of a workflow keeps. */
const keptVersions = 100

interface WorkflowRow {
  id: string
  workflow_type: string
  state: string
  checkpoint_data: string | null
  created_at: string
  updated_at: string
  version: number
}

type VersionRow = Pick<WorkflowRow, 'version' | 'state' | 'checkpoint_data'> & { saved_at: string }

interface StepRow {
  step: string
  iteration: number
  result: string
  completed_at: string
}

const columns = sql`id, workflow_type, state, checkpoint_data, created_at, updated_at, version`
const stepColumns = sql`step, iteration, result, completed_at`
const floor = sql`(select value from hivewax_counters where name = 'floor')`

/** Workflows: their state with its history, and steps whose results are kept so that none runs twice. */
export class Workflows {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Saves the state of a workflow and adds it to the history, which keeps the last 100 versions. */
  async save(id: string, state: unknown, options: SaveWorkflowOptions = {}): Promise<WorkflowRecord> {
    const { workflowType, checkpoint } = options
    const save = {
      id: checkName('id', id),
      type: workflowType === undefined ? undefined : checkName('workflowType', workflowType),
      state: this.#encode('state', state),
      checkpoint: checkpoint === undefined ? undefined : this.#encode('checkpoint', checkpoint),
    }
    return this.#context.db.transaction(async tx => {
      const row = theRow(await tx.all<WorkflowRow>(saveSql(tx, save)))
      await keepVersion(tx, row)
      return fromRow(row)
    })
  }

  /** A workflow as it was saved last, or undefined when there is none of this id. */
  async get(id: string): Promise<WorkflowRecord | undefined> {
    const [row] = await this.#context.db.all<WorkflowRow>(
      sql`select ${columns} from workflow_state where id = ${checkName('id', id)}`,
    )
    return row === undefined ? undefined : fromRow(row)
  }

  /** Workflows, the one saved last first. */
  async list(filter: WorkflowFilter = {}): Promise<Page<WorkflowRecord>> {
    const limit = pageLimit(filter.limit)
    const rows = await this.#context.db.all<WorkflowRow>(
      sql`select ${columns} from workflow_state where ${matches(filter)}
          order by updated_at desc, id desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.updated_at, row.id])
  }

  /** Deletes a workflow with its history and its steps. False when there was none of this id. */
  async delete(id: string): Promise<boolean> {
    const rows = await this.#context.db.all(
      sql`delete from workflow_state where id = ${checkName('id', id)} returning id`,
    )
    return rows.length > 0
  }

  /** What a workflow was at its last 100 saves, newest first. Empty when there is no workflow of this id. */
  async history(id: string, options: PageOptions = {}): Promise<Page<WorkflowVersion>> {
    const limit = pageLimit(options.limit)
    const [before] = cursorPosition(options.cursor, 1) ?? [Number.MAX_SAFE_INTEGER]
    const rows = await this.#context.db.all<VersionRow>(
      sql`select version, state, checkpoint_data, saved_at from hivewax_workflow_history
          where workflow_id = ${checkName('id', id)} and version < ${before}
          order by version desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromVersionRow, row => [row.version])
  }

  /**
   * Runs a step of a workflow once: when a result is kept under its name and iteration, that is returned and `fn`
   * does not run; else `fn` runs and what it resolves with is kept. Of several that run the same step at the same
   * time, the first to finish wins and all get its result. A crash before the result was kept, or an error thrown by
   * `fn`, leaves nothing behind, so `fn` runs again the next time: give its effects an idempotency key made of the
   * workflow and the step. Where there is no workflow of this id yet, one begins.
   */
  async step<T>(id: string, name: string, fn: () => T | Promise<T>, options?: StepOptions): Promise<Kept<T>>
  async step(id: string, name: string, fn: () => unknown, options?: StepOptions): Promise<Json> {
    const done = await this.getStep(id, name, options)
    return (done ?? (await this.completeStep(id, name, (await fn()) ?? null, options))).result
  }

  /** A step that is done, or undefined when it is not. */
  async getStep(id: string, name: string, options?: StepOptions): Promise<WorkflowStep | undefined> {
    const [row] = await this.#context.db.all<StepRow>(stepSql(stepAddress(id, name, options)))
    return row === undefined ? undefined : fromStepRow(row)
  }

  /**
   * Keeps the result of a step that the caller ran itself, unless one is kept already. Returns the step as it is
   * kept: its result is the first one, whoever brought it.
   */
  async completeStep(
    id: string,
    name: string,
    result: unknown,
    options?: StepOptions,
  ): Promise<WorkflowStep> {
    const at = stepAddress(id, name, options)
    const text = this.#encode('result', result)
    return fromStepRow(await this.#context.db.transaction(tx => keepStep(tx, at, text)))
  }

  /** The steps of a workflow that are done, in the order they were. */
  async steps(id: string, options: PageOptions = {}): Promise<Page<WorkflowStep>> {
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 3)
    const rest = after === undefined ? sql`1 = 1` : sql`(completed_at, step, iteration) > (${join(after)})`
    const rows = await this.#context.db.all<StepRow>(
      sql`select ${stepColumns} from hivewax_workflow_steps
          where workflow_id = ${checkName('id', id)} and ${rest}
          order by completed_at, step, iteration limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromStepRow, row => [row.completed_at, row.step, row.iteration])
  }

  #encode(what: string, value: unknown): string {
    return encodeJson(what, value, this.#context.maxValueBytes)
  }
}

interface Save {
  id: string
  type: string | undefined
  state: string
  checkpoint: string | undefined
}

interface StepAddress {
  id: string
  name: string
  iteration: number
}

function saveSql({ dialect }: Db, { id, type, state, checkpoint }: Save): Sql {
  return sql`
    insert into workflow_state (${columns})
    values (${id}, coalesce(${type}, 'default'), ${state}, ${checkpoint}, ${dialect.now()}, ${dialect.now()},
            ${floor} + 1)
    on conflict (id) do update set
      workflow_type = coalesce(${type}, workflow_state.workflow_type), state = excluded.state,
      checkpoint_data = coalesce(excluded.checkpoint_data, workflow_state.checkpoint_data),
      updated_at = excluded.updated_at, version = workflow_state.version + 1
    returning ${columns}`
}

async function keepVersion(tx: Db, { id, version, state, checkpoint_data }: WorkflowRow): Promise<void> {
  await tx.all(
    sql`insert into hivewax_workflow_history (workflow_id, version, state, checkpoint_data, saved_at)
        values (${id}, ${version}, ${state}, ${checkpoint_data}, ${tx.dialect.now()})`,
  )
  await tx.all(
    sql`delete from hivewax_workflow_history where workflow_id = ${id} and version <= ${version - keptVersions}`,
  )
}

function stepAddress(id: string, name: string, { iteration = 0 }: StepOptions = {}): StepAddress {
  return {
    id: checkName('id', id),
    name: checkName('name', name),
    iteration: checkInteger('iteration', iteration, 0),
  }
}

function stepSql({ id, name, iteration }: StepAddress): Sql {
  return sql`select ${stepColumns} from hivewax_workflow_steps
             where workflow_id = ${id} and step = ${name} and iteration = ${iteration}`
}

/** Keeps a result unless another was first. Returns the row that is there then. */
async function keepStep(tx: Db, at: StepAddress, result: string): Promise<StepRow> {
  await ensureWorkflow(tx, at.id)
  const rows = await tx.all<StepRow>(
    sql`insert into hivewax_workflow_steps (workflow_id, ${stepColumns})
        values (${at.id}, ${at.name}, ${at.iteration}, ${result}, ${tx.dialect.now()})
        on conflict (workflow_id, step, iteration) do nothing
        returning ${stepColumns}`,
  )
  return rows[0] ?? theRow(await tx.all<StepRow>(stepSql(at)))
}

/** Makes sure that the workflow has a row to refer to. Its version says that nothing was saved: the first is next. */
async function ensureWorkflow(tx: Db, id: string): Promise<void> {
  await tx.all(
    sql`insert into workflow_state (${columns})
        values (${id}, 'default', 'null', null, ${tx.dialect.now()}, ${tx.dialect.now()}, ${floor})
        on conflict (id) do nothing`,
  )
}

function matches({ workflowType, cursor }: WorkflowFilter): Sql {
  const after = cursorPosition(cursor, 2)
  const parts = [sql`1 = 1`]
  if (workflowType !== undefined) parts.push(sql`workflow_type = ${checkName('workflowType', workflowType)}`)
  if (after !== undefined) parts.push(sql`(updated_at, id) < (${join(after)})`)
  return join(parts, ' and ')
}

function fromRow(row: WorkflowRow): WorkflowRecord {
  return {
    id: row.id,
    workflowType: row.workflow_type,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    version: row.version,
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
  }
}

function fromVersionRow(row: VersionRow): WorkflowVersion {
  return {
    version: row.version,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    savedAt: toDate(row.saved_at),
  }
}

function fromStepRow(row: StepRow): WorkflowStep {
  return {
    name: row.step,
    iteration: row.iteration,
    result: decodeLoose(row.result),
    completedAt: toDate(row.completed_at),
  }
}

function toCheckpoint(text: string | null): Json | undefined {
  return text === null ? undefined : decodeLoose(text)
}
