import type { Context } from '../context.ts'
import { closed } from '../db/decorators/closable.ts'
import { checkLeaseMs, defaultLeaseMs } from '../db/lease.ts'
import { Conflict, InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { encodeJson, type Json } from '../util/json.ts'
import { execute } from './execute.ts'
import { nextChange } from './next-change.ts'
import { type ClaimedRun, claimRun, giveBack } from './run-lease.ts'
import { type NewRun, openRun, type RunRow, readyAtOnce, resultOf } from './runs.ts'
import type { WorkflowFunction } from './workflow-context.ts'

export interface StartOptions {
  /** Default: an id of its own. */
  id?: string | undefined
  /** JSON for the workflow's function. Default: null. */
  input?: unknown
  /** The version of the code that may work on it. Default: `1`. */
  version?: string | undefined
}

export interface RunOptions extends Omit<StartOptions, 'id'> {
  /** What kind of workflow. Default: what it is already; `default` for a new one. */
  type?: string | undefined
  /** How long the run is this process's unless it renews that, which it does by itself: up to a day, default 30,000 ms. */
  leaseMs?: number | undefined
  /**
   * When it aborts, the call rejects with its reason, as soon as a step under way is done. The run stays open: any
   * process can go on with it.
   */
  signal?: AbortSignal | undefined
}

/** A run as options describe it, checked. */
export function newRun(
  context: Context,
  run: { id: string; type: string | undefined; input?: unknown; version?: string | undefined },
): NewRun {
  return {
    id: checkName('id', run.id),
    type: run.type === undefined ? undefined : checkName('type', run.type),
    version: checkName('version', run.version ?? '1'),
    input: encodeJson('input', run.input ?? null, context.maxValueBytes),
  }
}

/** The code of a run, and how it is to be run. */
interface RunRequest extends RunOptions {
  fn: WorkflowFunction
}

/** Works on a run until it has ended, or waits for others to; see `Workflows.run`. */
export function runWorkflow(context: Context, id: string, request: RunRequest): Promise<Json> {
  return context.untilDone(runToItsEnd(context, id, request))
}

async function runToItsEnd(context: Context, id: string, { fn, ...options }: RunRequest): Promise<Json> {
  refuseTransaction(context, 'run')
  const run = newRun(context, { ...options, id, type: options.type })
  const leaseMs = checkLeaseMs(options.leaseMs ?? defaultLeaseMs)
  const stop = stopSignal(context, options.signal)
  const activeAt = performance.now()
  for (;;) {
    if (stop.aborted) throw stopReason(context, stop)
    const since = context.db.commits.count
    const { row } = await openRun(context, run)
    if (row.status !== 'open') return resultOf(row)
    checkVersion(row, run.version)
    const claimed = row.owner === null ? await claimRun(context, run.id, leaseMs) : undefined
    if (claimed !== undefined) return work(context, claimed, { fn, stop })
    await nextChange(context.db, { since, activeAt, signal: stop })
  }
}

/** When to give runs back: when the caller says so, or the handle closes. */
export function stopSignal({ closing }: Context, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? closing : AbortSignal.any([signal, closing])
}

function stopReason({ closing }: Context, stop: AbortSignal): unknown {
  return closing.aborted ? closed() : stop.reason
}

/** A run outlives every transaction: inside one its steps would be undone together, and its lease would be invisible. */
export function refuseTransaction(context: Context, method: string): void {
  if (context.transactionId === undefined) return
  throw new InvalidInput(
    `workflows.${method}() cannot work inside a transaction`,
    { hint: `Call it outside; inside, workflows.start() begins a run for others.` },
    'transaction_misuse',
  )
}

async function work(
  context: Context,
  claimed: ClaimedRun,
  { fn, stop }: { fn: WorkflowFunction; stop: AbortSignal },
): Promise<Json> {
  const outcome = await execute(context, claimed, { fn, isServed: false, stop })
  if (outcome.end === 'completed') return outcome.result
  if (outcome.end === 'given back') throw stopReason(context, stop)
  if (outcome.end === 'lost') await letOthersGoOn(context, claimed)
  throw outcome.error
}

/** Best effort, since the store failed, or the run is another's: else the lease lapses by itself. */
async function letOthersGoOn({ db }: Context, { lease }: ClaimedRun): Promise<void> {
  await giveBack(db, lease, { wakeAt: readyAtOnce, waitsFor: [] }).catch(() => {})
}

function checkVersion({ workflow_id: workflowId, code_version: version }: RunRow, ours: string): void {
  if (version === ours) return
  throw new Conflict(
    `workflow ${JSON.stringify(workflowId)} was begun by code of version ${JSON.stringify(version)}, and this is ${JSON.stringify(ours)}`,
    {
      hint: 'Let code of its own version finish it, or fork it with the new version.',
      details: { workflowId, version },
    },
  )
}
