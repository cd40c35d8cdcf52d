import type { Context } from '../context.ts'
import { oneLocked } from '../db/locked-records.ts'
import { theRow } from '../db/rows.ts'
import { join, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { forkRun } from './fork-run.ts'
import { checkWorkflows } from './option-names.ts'
import { newRun, type RunOptions, runWorkflow, type StartOptions } from './run-workflow.ts'
import {
  cancelRun,
  fromRunRow,
  listRuns,
  openRun,
  type RunFilter,
  readRun,
  retryRun,
  type WorkflowRun,
} from './runs.ts'
import {
  fromStepRow,
  type Kept,
  keepStep,
  readStep,
  type StepOptions,
  type StepRow,
  stepAddress,
  columns as stepColumns,
  type WorkflowStep,
} from './steps.ts'
import { sendSignal, type WorkflowSignal } from './waits.ts'
import type { WorkflowFunction } from './workflow-context.ts'
import { type ServeOptions, type WorkflowCode, WorkflowServer } from './workflow-server.ts'
import {
  columns,
  fromRow,
  fromVersionRow,
  keepVersion,
  listWorkflows,
  type SaveWorkflowOptions,
  saveSql,
  type VersionRow,
  versionColumns,
  type WorkflowFilter,
  type WorkflowRecord,
  type WorkflowRow,
  type WorkflowVersion,
} from './workflow-state.ts'

export interface ForkOptions extends StepOptions {
  /** The new workflow, which must have neither a run nor steps. Default: an id of its own. */
  newId?: string | undefined
  /** The last step to begin with; `iteration` tells which round of it. Default: all steps that are done. */
  after?: string | undefined
  /** The version of the code that is to go on. Default: that of the run that is forked. */
  version?: string | undefined
}

/**
 * Workflows: their state with its history, steps whose results are kept so that none runs twice, and runs, which go
 * on after every crash, in whichever process. Sleeps and timeouts follow the wall clock, leases do not.
 */
export class Workflows {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Saves the state of a workflow and adds it to the history, which keeps the last 100 versions. */
  async save(id: string, state: unknown, options: SaveWorkflowOptions = {}): Promise<WorkflowRecord> {
    checkWorkflows.save(options)
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
    const row = await oneLocked<WorkflowRow>(
      this.#context.db,
      { table: 'workflow_state', key: checkName('id', id) },
      sql`select ${columns} from workflow_state where id = ${id}`,
    )
    return row === undefined ? undefined : fromRow({ ...row, id })
  }

  /** Workflows, the one saved last first. */
  async list(filter: WorkflowFilter = {}): Promise<Page<WorkflowRecord>> {
    checkWorkflows.list(filter)
    return listWorkflows(this.#context.db, filter)
  }

  /**
   * Deletes a workflow with its history, its steps and its run. A process that works on that is refused when it wants to
   * keep something. False when there was none of this id.
   */
  async delete(id: string): Promise<boolean> {
    const deleted = await oneLocked(
      this.#context.db,
      { table: 'workflow_state', key: checkName('id', id) },
      sql`delete from workflow_state where id = ${id} returning id`,
    )
    return deleted !== undefined
  }

  /** What a workflow was at its last 100 saves, newest first. Empty when there is no workflow of this id. */
  async history(id: string, options: PageOptions = {}): Promise<Page<WorkflowVersion>> {
    checkWorkflows.history(options)
    const limit = pageLimit(options.limit)
    const [before] = cursorPosition(options.cursor, 1) ?? [Number.MAX_SAFE_INTEGER]
    const rows = await this.#context.db.all<VersionRow>(
      sql`select ${versionColumns} from hivewax_workflow_history
          where workflow_id = ${checkName('id', id)} and version < ${before}
          order by version desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromVersionRow, position: row => [row.version] })
  }

  /**
   * Runs a step of a workflow once: when a result is kept under its name and iteration, that is returned and `fn`
   * does not run; else `fn` runs and what it resolves with is kept. Of several that run the same step at the same
   * time, the first to finish wins and all get its result. A crash before the result was kept, or an error thrown by
   * `fn`, leaves nothing behind, so `fn` runs again the next time: give its effects an idempotency key made of the
   * workflow and the step. Where there is no workflow of this id yet, one begins. This step needs no run and no
   * lease; {@link Workflows.run} gives its function steps of its own.
   */
  async step<T>(id: string, name: string, fn: () => T | Promise<T>, options?: StepOptions): Promise<Kept<T>>
  // biome-ignore lint/complexity/useMaxParams: ids come first and options last in every call of the library.
  async step(id: string, name: string, fn: () => unknown, options?: StepOptions): Promise<Json> {
    checkWorkflows.step(options)
    const done = await this.getStep(id, name, options)
    return (done ?? (await this.completeStep(id, name, (await fn()) ?? null, options))).result
  }

  /** A step that is done, or undefined when it is not. */
  async getStep(id: string, name: string, options?: StepOptions): Promise<WorkflowStep | undefined> {
    checkWorkflows.getStep(options)
    const row = await readStep(this.#context.db, stepAddress(id, name, options))
    return row === undefined ? undefined : fromStepRow(row)
  }

  /**
   * Keeps the result of a step that the caller ran itself, unless one is kept already. Returns the step as it is
   * kept: its result is the first one, whichever process brought it.
   * @throws InvalidInput `too_large` when the workflow has 10,000 steps already
   */
  // biome-ignore lint/complexity/useMaxParams: as of `step`.
  async completeStep(
    id: string,
    name: string,
    result: unknown,
    options?: StepOptions,
  ): Promise<WorkflowStep> {
    checkWorkflows.completeStep(options)
    const at = stepAddress(id, name, options)
    const text = this.#encode('result', result)
    return fromStepRow(
      await this.#context.db.transaction(tx => keepStep(tx, at, { kind: 'step', result: text })),
    )
  }

  /** The steps of a workflow that are done, in the order they were. */
  async steps(id: string, options: PageOptions = {}): Promise<Page<WorkflowStep>> {
    checkWorkflows.steps(options)
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 3)
    const rest = after === undefined ? sql`1 = 1` : sql`(seq, step, iteration) > (${join(after)})`
    const rows = await this.#context.db.all<StepRow>(
      sql`select ${stepColumns} from hivewax_workflow_steps
          where workflow_id = ${checkName('id', id)} and ${rest}
          order by seq, step, iteration limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromStepRow, position: row => [row.seq, row.step, row.iteration] })
  }

  /**
   * Runs a workflow to its end and returns its result; called again, anywhere and however often, it returns the same
   * result. After a crash it goes on behind the last step that is done. While another process works on the run, this
   * waits for it, and takes over when its lease lapses. Sleeps and waits pass here, while the run is held.
   * @throws what `fn` throws, which makes the run fail; Conflict when it has failed or was cancelled before
   *   ({@link Workflows.retry} opens it again), was begun by another version of the code or with another type;
   *   Conflict `stale_token` when the run passed to another while this process could not renew its lease
   */
  async run<T>(id: string, fn: WorkflowFunction<T>, options?: RunOptions): Promise<Kept<T>>
  async run(id: string, fn: WorkflowFunction, options: RunOptions = {}): Promise<Json> {
    checkWorkflows.run(options)
    return runWorkflow(this.#context, id, { ...options, fn })
  }

  /**
   * Begins a run for whichever process serves its type, see {@link Workflows.serve}; one that has begun already stays
   * as it is. Returns it as it is then.
   * @throws Conflict when the workflow of this id has a run of another type
   */
  async start(type: string, options: StartOptions = {}): Promise<WorkflowRun> {
    checkWorkflows.start(options)
    const { id = uuidv7(this.#context.clock.now()), input, version } = options
    const { row } = await openRun(this.#context, newRun(this.#context, { id, type, input, version }))
    return fromRunRow(row)
  }

  /**
   * Works on the open runs of some types, begun by `start` or left behind by a process that crashed, until `signal`
   * aborts; any number of processes may. A run that sleeps or waits is given back, and goes on when it is time, or
   * the signal was sent, in any of them.
   *
   * A run that lapsed again after it was taken over may be what ends the processes that work on it: it goes on after
   * the others, and has a process for itself until it keeps a step, for up to 30 s. When its lease has lapsed 5 times
   * in a row, and no step was kept in between, it fails with `deadline`. Closing the memory gives steps under way
   * 10 s to end, then gives the runs back.
   */
  async serve(code: Readonly<Record<string, WorkflowCode>>, options: ServeOptions = {}): Promise<void> {
    checkWorkflows.serve(options)
    await new WorkflowServer(this.#context, code, options).serve()
  }

  /**
   * Sends a workflow a signal, for its `waitFor`: now or later, whether or not the workflow exists yet. The first of
   * a name is kept for good. Returns the one that is kept.
   */
  async signal(id: string, name: string, payload: unknown = null): Promise<WorkflowSignal> {
    const text = this.#encode('payload', payload)
    return sendSignal(this.#context, checkName('id', id), { name: checkName('name', name), payload: text })
  }

  /** The run of a workflow, or undefined when it has none. */
  async getRun(id: string): Promise<WorkflowRun | undefined> {
    const row = await readRun(this.#context.db, checkName('id', id))
    return row === undefined ? undefined : fromRunRow(row)
  }

  /** Runs, the one begun last first. */
  async listRuns(filter: RunFilter = {}): Promise<Page<WorkflowRun>> {
    checkWorkflows.listRuns(filter)
    return listRuns(this.#context.db, filter)
  }

  /**
   * Cancels a run that is open; one that has ended stays as it is. A process that works on it is refused at its next step, and
   * when it renews its lease. Returns the run as it is then.
   * @throws NotFound when the workflow has no run
   */
  async cancel(id: string): Promise<WorkflowRun> {
    return fromRunRow(await cancelRun(this.#context, checkName('id', id)))
  }

  /**
   * Opens a run again that has failed or was cancelled; the steps that are done stay. With `version`, code of that
   * version goes on with it.
   * @throws NotFound when the workflow has no run, Conflict when it is open or has completed
   */
  async retry(id: string, options: { version?: string | undefined } = {}): Promise<WorkflowRun> {
    checkWorkflows.retry(options)
    const { version } = options
    const checked = version === undefined ? undefined : checkName('version', version)
    return fromRunRow(await retryRun(this.#context, checkName('id', id), checked))
  }

  /**
   * Begins a run with the steps of another up to a certain one, and its type and input: to go on from there in
   * another way, or with other code. Signals that no step of these received are not taken over.
   * @throws NotFound when the workflow has no run or the step is not done, Conflict when the new id is in use
   */
  async fork(id: string, options: ForkOptions = {}): Promise<WorkflowRun> {
    checkWorkflows.fork(options)
    const { newId = uuidv7(this.#context.clock.now()), after, version } = options
    const fork = {
      newId: checkName('newId', newId),
      after: after === undefined ? undefined : stepAddress(id, after, options),
      version: version === undefined ? undefined : checkName('version', version),
    }
    return fromRunRow(await forkRun(this.#context, checkName('id', id), fork))
  }

  #encode(what: string, value: unknown): string {
    return encodeJson(what, value, this.#context.maxValueBytes)
  }
}
