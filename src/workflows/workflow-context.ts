import type { Duration } from '../util/duration.ts'
import type { Json } from '../util/json.ts'
import type { TimeOrDuration } from '../util/time-or-duration.ts'
import type { Kept, StepOptions } from './steps.ts'

/** What the function of a step is given. */
export interface StepCall {
  /**
   * The same for every attempt at this step, and for no other: `workflow:step:iteration`. Give it to whatever the
   * step changes elsewhere, so that a second attempt after a crash is recognised.
   */
  key: string
  /** 1 for the first call in this process, and 1 more for each of the retries. */
  attempt: number
  /** Aborted when the run passed to another process, ended, or could not be held: then stop. */
  signal: AbortSignal
}

/** What to do about errors of a step. */
export interface StepRetries {
  /** How often to try at most, the first time included: 1 to 1,000. A crash begins the count anew. */
  maxAttempts: number
  /** The pause after the first attempt, doubled with each up to 100 s. Default 1 s. */
  backoff?: Duration | undefined
}

export interface RunStepOptions extends StepOptions {
  /** Default: an error of the step is thrown at once. */
  retries?: StepRetries | undefined
}

export interface WaitOptions extends StepOptions {
  /** How long to wait, or until when. Default: without end. */
  timeout?: TimeOrDuration | undefined
}

/**
 * A workflow at work, as its function sees it. After a crash, and after a sleep or a wait, the function runs again
 * from its beginning, perhaps in another process; what is done already returns what is kept, and only the rest
 * runs. So whatever has effects, takes long or comes out differently each time belongs into a step; the rest should
 * be quick and come out the same. A step contains no other step, sleep or wait.
 *
 * A name may be used once in an execution, by a step, a sleep or a wait; rounds of a loop are told apart by
 * `iteration`, which is never counted by itself: branches that run at the same time would come in another order
 * after a crash.
 */
export interface WorkflowContext {
  readonly id: string
  readonly workflowType: string
  /** The version of the code. */
  readonly version: string
  /** What the run was started with. */
  readonly input: Json
  /** Aborted when the run passed to another process, ended, or could not be held. */
  readonly signal: AbortSignal
  /** The idempotency key of a step, see {@link StepCall.key}. */
  key(name: string, options?: StepOptions): string
  /**
   * Runs a step once and keeps its result for good; later executions get that. Keeping it also renews the lease,
   * and is refused when the run has passed to another.
   * @throws Conflict `stale_token` when the run is not this process's any more: nothing was kept
   */
  step<T>(name: string, fn: (call: StepCall) => T | Promise<T>, options?: RunStepOptions): Promise<Kept<T>>
  /**
   * Sleeps for a time, or until one, by the wall clock: the end is kept when the sleep begins, and holds after a
   * crash, in any process. A run that {@link Workflows.serve} works on takes no memory while it sleeps.
   */
  sleep(name: string, time: TimeOrDuration, options?: StepOptions): Promise<void>
  /**
   * Waits for the signal of this name and returns its payload, at once when it was sent before. Undefined when none
   * was sent in time; that is kept, and a signal that comes later changes nothing.
   */
  waitFor(name: string, options?: WaitOptions): Promise<Json | undefined>
}

/** The function of a workflow. What it returns is the result of the run; what it throws makes the run fail. */
export type WorkflowFunction<T = unknown> = (workflow: WorkflowContext) => T | Promise<T>
