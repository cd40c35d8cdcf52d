import { setTimeout as sleep } from 'node:timers/promises'
import { HivewaxError } from '../errors.ts'
import { GiveUp, TryLater } from '../tasks/give-up.ts'
import type { ClaimedTask } from '../tasks/task.ts'
import type { Tasks } from '../tasks/tasks.ts'
import {
  checkTerms,
  type TaskHandler,
  type Terms,
  type WorkOptions,
  type WorkSummary,
} from '../tasks/work-options.ts'
import { Renewal } from '../util/renewal.ts'
import { serializeError } from '../util/serialize-error.ts'

/** How often a worker asks for tasks when there were none, in milliseconds. */
const pollMs = 250

/** How long it waits for one of its tasks to end before it looks up, in milliseconds. */
const beatMs = 60_000

/** Does tasks as they can be claimed, as `Tasks.work` does beside the store: by claims and reports over HTTP. */
export async function workRemotely(
  tasks: Tasks,
  handler: TaskHandler,
  { concurrency, drainMs, signal, untilEmpty, ...claim }: WorkOptions = {},
): Promise<WorkSummary> {
  const terms = checkTerms({ concurrency, drainMs, signal, untilEmpty })
  const summary = { completed: 0, failed: 0, released: 0, lost: 0 }
  const cutShort = new AbortController()
  const running = new Set<Promise<void>>()
  const failure = new AbortController()
  const begin = (task: ClaimedTask) => {
    const done = attempt(tasks, task, { handler, cutShort: cutShort.signal })
      .then(how => void summary[how]++)
      .catch(error => failure.abort(error))
      .finally(() => running.delete(done))
    running.add(done)
  }
  const ends = AbortSignal.any([failure.signal, ...(signal === undefined ? [] : [signal])])
  const claimSome = (limit: number) => tasks.claim({ ...claim, limit })
  await claimAll({ claimSome, begin, running }, { ...terms, signal: ends })
  const late = setTimeout(() => cutShort.abort(), terms.drainMs)
  await Promise.all(running)
  clearTimeout(late)
  failure.signal.throwIfAborted()
  return summary
}

/** Where tasks come from, and where they run. */
interface TaskSlots {
  readonly claimSome: (limit: number) => Promise<readonly ClaimedTask[]>
  readonly begin: (task: ClaimedTask) => void
  /** The tasks that were begun and have not ended. */
  readonly running: ReadonlySet<Promise<void>>
}

/** Keeps as many tasks running as there may be, until there are none left or the work ends. */
async function claimAll(
  { claimSome, begin, running }: TaskSlots,
  { concurrency, signal, untilEmpty }: Terms,
): Promise<void> {
  while (!signal?.aborted) {
    const limit = concurrency - running.size
    const claimed = limit > 0 ? await claimSome(limit) : []
    for (const task of claimed) begin(task)
    if (running.size === 0 && untilEmpty) return
    const over = new AbortController()
    const pause = sleep(limit > 0 ? pollMs : beatMs, undefined, {
      signal: AbortSignal.any([over.signal, ...(signal ? [signal] : [])]),
    })
    if (claimed.length < limit || limit === 0) await Promise.race([pause.catch(() => {}), ...running])
    over.abort()
    await pause.catch(() => {})
  }
}

interface AttemptOptions {
  readonly handler: TaskHandler
  /** Aborts when the time is over in which tasks may end after the work has. */
  readonly cutShort: AbortSignal
}

/** Does a task while its lease is renewed, and reports how it ended. */
async function attempt(
  tasks: Tasks,
  task: ClaimedTask,
  { handler, cutShort }: AttemptOptions,
): Promise<keyof WorkSummary> {
  const claim = { id: task.id, token: task.token }
  const renewal = new Renewal(() => tasks.heartbeat({ ...claim, leaseMs: task.leaseMs }), task.leaseMs)
  const signal = AbortSignal.any([renewal.signal, cutShort])
  const progress = async (value: unknown) =>
    void (await tasks.heartbeat({ ...claim, progress: value as never }))
  const [outcome] = await Promise.allSettled([(async () => handler(task, { signal, progress }))()])
  await renewal.stop()
  try {
    if (outcome.status === 'fulfilled') return await complete(tasks, claim, outcome.value)
    if (cutShort.aborted || outcome.reason instanceof TryLater) {
      await tasks.release({
        ...claim,
        delayMs: outcome.reason instanceof TryLater ? outcome.reason.delayMs : 0,
      })
      return 'released'
    }
    const retry = !(outcome.reason instanceof GiveUp)
    await tasks.fail({ ...claim, error: serializeError(outcome.reason), retry })
    return 'failed'
  } catch (error) {
    if (isLost(error)) return 'lost'
    throw error
  }
}

async function complete(
  tasks: Tasks,
  claim: { id: string; token: number },
  result: unknown,
): Promise<keyof WorkSummary> {
  try {
    await tasks.complete({ ...claim, result })
    return 'completed'
  } catch (error) {
    // The handler may have completed it itself, in one transaction with what it did.
    if (hasCompleted(error, claim.token)) return 'completed'
    // A result that cannot be stored is the handler's failure, not the worker's.
    if (!(error instanceof HivewaxError) || !['invalid_input', 'too_large'].includes(error.code)) throw error
    await tasks.fail({ ...claim, error: serializeError(error) })
    return 'failed'
  }
}

/** Whether a claim has ended because its task was completed under it. */
function hasCompleted(error: unknown, token: number): boolean {
  const { status, token: last } = (error instanceof HivewaxError && error.details) || {}
  return status === 'completed' && last === token
}

function isLost(error: unknown): boolean {
  return error instanceof HivewaxError && ['stale_token', 'not_found'].includes(error.code)
}
