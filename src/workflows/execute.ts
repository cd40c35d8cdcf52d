import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { encodeJson, type Json } from '../util/json.ts'
import { Execution, type ExecutionOptions } from './execution.ts'
import { type ClaimedRun, finishRun, giveBack, lapsedTooOften, maxLapses } from './run-lease.ts'
import { errorText, readyAtOnce } from './runs.ts'
import type { WorkflowFunction } from './workflow-context.ts'

/** How an execution came to its end. */
export type ExecutionOutcome =
  | { end: 'completed'; result: Json }
  /** The function threw, or returned what cannot be kept. */
  | { end: 'failed'; error: unknown }
  /** It was given back, to go on later. */
  | { end: 'given back' }
  /** The run passed to another, or the store failed: it is still open, or what the other made of it. */
  | { end: 'lost'; error: unknown }

/** The code that works on a run, and how. */
export interface Work extends ExecutionOptions {
  fn: WorkflowFunction
}

/** Works on a run that was claimed, until it has ended, is given back, or is lost. Does not throw. */
export async function execute(context: Context, claimed: ClaimedRun, work: Work): Promise<ExecutionOutcome> {
  const { lease } = claimed
  try {
    if (work.stop.aborted) {
      await giveBack(context.db, lease, { wakeAt: readyAtOnce, waitsFor: [] })
      return { end: 'given back' }
    }
    if (lease.lapses < maxLapses) return await workOn(context, claimed, work)
    return await finish(context, claimed, { status: 'rejected', reason: lapsedTooOften(lease) })
  } catch (error) {
    return { end: 'lost', error }
  }
}

async function workOn(
  context: Context,
  claimed: ClaimedRun,
  { fn, ...options }: Work,
): Promise<ExecutionOutcome> {
  const damage = damageOf(claimed)
  if (damage !== undefined) return finish(context, claimed, { status: 'rejected', reason: damage })
  const execution = new Execution(context, claimed, options)
  const working = Promise.allSettled([(async () => fn(execution))()])
  const settled = await Promise.race([working, execution.gone])
  await execution.close()
  if (execution.isGone) return { end: 'given back' }
  if (settled === undefined || execution.broken !== undefined) return { end: 'lost', error: execution.broken }
  return finish(context, claimed, settled[0])
}

/** What keeps a run from being worked on by any process. */
function damageOf({ row }: ClaimedRun): unknown {
  try {
    verified('hivewax_workflow_runs', row)
    return undefined
  } catch (error) {
    return error
  }
}

async function finish(
  context: Context,
  { lease }: ClaimedRun,
  settled: PromiseSettledResult<unknown>,
): Promise<ExecutionOutcome> {
  const outcome = settled.status === 'rejected' ? failed(settled.reason) : encode(context, settled.value)
  const [status, text] =
    outcome.end === 'failed'
      ? (['failed', errorText(outcome.error)] as const)
      : (['completed', outcome.text] as const)
  await finishRun(context, lease, { status, text })
  return outcome.end === 'failed' ? outcome : { end: 'completed', result: JSON.parse(outcome.text) }
}

function encode({ maxValueBytes }: Context, value: unknown) {
  try {
    return { end: 'completed', text: encodeJson('result', value ?? null, maxValueBytes) } as const
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown) {
  return { end: 'failed', error } as const
}
