import { InvalidInput } from '../errors.ts'
import { checkInteger } from '../util/check.ts'
import type { ClaimOptions } from './claim.ts'
import type { ClaimedTask } from './task.ts'

export interface WorkOptions extends Omit<ClaimOptions, 'limit'> {
  /** How many tasks at once: 1 to 1,000, default 1. */
  concurrency?: number | undefined
  /** Ends the work: nothing more is claimed, and what runs has `drainMs` to end. */
  signal?: AbortSignal | undefined
  /**
   * How long running tasks may go on after `signal`, in milliseconds, default 30,000. Then their own signals abort,
   * and those that end by that are given back unfinished.
   */
  drainMs?: number | undefined
  /** Return as soon as nothing is ready to be claimed, instead of waiting for more. Default false. */
  untilEmpty?: boolean | undefined
}

/** What a handler gets with its task. */
export interface Job {
  /** Aborts when the task was cancelled, or its lease may be lost, or the worker must end: the handler should stop. */
  readonly signal: AbortSignal
  /** Notes how far the work has got: any JSON. */
  progress(value: unknown): Promise<void>
}

/** Does a task; what it returns is the result, any JSON or nothing. An error that it throws ends the attempt. */
export type TaskHandler = (task: ClaimedTask, job: Job) => unknown

/** How the tasks of a worker ended. */
export interface WorkSummary {
  completed: number
  /** Attempts that ended with an error. */
  failed: number
  /** Given back unfinished: by TryLater, or because the work ended. */
  released: number
  /** Taken away: cancelled, or their leases had lapsed. */
  lost: number
}

/** The longest that a timer of Node.js takes. */
const maxDrainMs = 2_147_483_647

/** Checked options of a worker, besides those of its claims. */
export interface Terms {
  concurrency: number
  drainMs: number
  signal: AbortSignal | undefined
  untilEmpty: boolean
}

export function checkTerms({ concurrency, drainMs, signal, untilEmpty }: WorkOptions): Terms {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidInput('signal must be an AbortSignal')
  return {
    concurrency: checkInteger('concurrency', concurrency ?? 1, 1, 1_000),
    drainMs: checkInteger('drainMs', drainMs ?? 30_000, 0, maxDrainMs),
    signal,
    untilEmpty: untilEmpty ?? false,
  }
}
