import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { closed } from '../db/decorators/closable.ts'
import { Conflict, Corrupt, InvalidInput } from '../errors.ts'
import { checkInteger } from '../util/check.ts'
import { type Duration, durationMs } from '../util/duration.ts'
import { decodeLoose, encodeJson, isObject, type Json } from '../util/json.ts'
import { Renewal } from '../util/renewal.ts'
import { readTimeOrDuration, type TimeOrDuration } from '../util/time-or-duration.ts'
import { nextChange } from './next-change.ts'
import * as known from './option-names.ts'
import { type ClaimedRun, giveBack, keepProgress, type RunLease, renewRunLease } from './run-lease.ts'
import { readyAtOnce } from './runs.ts'
import {
  type Kept,
  keepStep,
  readStep,
  type StepAddress,
  type StepKind,
  type StepOptions,
  type StepRow,
  stepAddress,
  stepName,
} from './steps.ts'
import { settleWait, startTimer, type Wait } from './waits.ts'
import type {
  RunStepOptions,
  StepCall,
  StepRetries,
  WaitOptions,
  WorkflowContext,
} from './workflow-context.ts'

/** So long nothing must have happened before a run that waits is given back: it may do something beside. */
const quietMs = 25

/** The longest pause between two attempts at a step. */
const maxBackoffMs = 100_000

/** How long steps under way may go on when the handle closes, in milliseconds. */
const drainMs = 10_000

/** What a function that is not to go on is left waiting for. Nothing refers to it, so both are forgotten. */
function never(): Promise<never> {
  return new Promise(() => {})
}

/** How a run is worked on. */
export interface ExecutionOptions {
  /** True when the run is given back to sleep and wait, instead of doing so in this process. */
  isServed: boolean
  /** When it aborts, the run is given back as soon as the steps under way are done. */
  stop: AbortSignal
}

/** One execution of a workflow's function, by the process that holds the run. */
export class Execution implements WorkflowContext {
  readonly id: string
  readonly workflowType: string
  readonly version: string
  readonly input: Json
  readonly #context: Context
  readonly #lease: RunLease
  readonly #renewal: Renewal
  readonly #isServed: boolean
  readonly #stop: AbortSignal
  readonly #used = new Set<string>()
  readonly #waits = new Set<Wait>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #ended = new AbortController()
  readonly #onStop = () => void this.#handOver()
  readonly #onClose = () => {
    this.#late = setTimeout(() => void this.#cutShort(), drainMs)
  }
  #late: NodeJS.Timeout | undefined
  #active = 0
  #resting = 0
  #lastActivity = performance.now()
  #handover: Promise<void> | undefined
  #isOver = false
  #isGone = false
  #broken: unknown

  constructor(context: Context, { row, lease }: ClaimedRun, { isServed, stop }: ExecutionOptions) {
    this.id = row.workflow_id
    this.workflowType = row.workflow_type
    this.version = row.code_version
    this.input = decodeLoose(row.input)
    this.#context = context
    this.#lease = lease
    this.#isServed = isServed
    this.#stop = stop
    this.#renewal = new Renewal(() => renewRunLease(context.db, lease), lease.leaseMs)
    const { signal } = this.#renewal
    signal.addEventListener('abort', () => this.#ended.abort(signal.reason), { once: true })
    stop.addEventListener('abort', this.#onStop)
    context.closing.addEventListener('abort', this.#onClose)
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /** Resolves when the run was given back, or the function has had its time: it is then not to be waited for. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** True when the run was given back. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Why the store did not take what was done, or why the run is held no more; then it has not ended. */
  get broken(): unknown {
    return this.#broken ?? (this.signal.aborted ? this.signal.reason : undefined)
  }

  key(name: string, options?: StepOptions): string {
    known.checkContext.key(options)
    return this.#key(name, options)
  }

  #key(name: string, options?: StepOptions): string {
    const { iteration } = stepAddress(this.id, name, options)
    const parts = [this.id, name].map(part => part.replace(/[%:]/g, encodeURIComponent))
    return [...parts, iteration].join(':')
  }

  async step<T>(
    name: string,
    fn: (call: StepCall) => T | Promise<T>,
    options?: RunStepOptions,
  ): Promise<Kept<T>>
  async step(name: string, fn: (call: StepCall) => unknown, options: RunStepOptions = {}): Promise<Json> {
    known.checkContext.step(options)
    const at = this.#use(name, options)
    const retries = checkRetries(options.retries)
    const row = await this.#act(async () => {
      const kept = await this.#read(at, 'step')
      if (kept !== undefined) return kept
      const value = (await this.#attempt(fn, this.#key(name, options), retries)) ?? null
      const result = encodeJson('result', value, this.#context.maxValueBytes)
      return this.#ask(() =>
        keepProgress(this.#context.db, this.#lease, tx => keepStep(tx, at, { kind: 'step', result })),
      )
    })
    this.#lastActivity = performance.now()
    return decodeLoose(row.result)
  }

  async sleep(name: string, time: TimeOrDuration, options?: StepOptions): Promise<void> {
    known.checkContext.sleep(options)
    await this.#wait('sleep', this.#use(name, options), readTimeOrDuration('time', time))
  }

  async waitFor(name: string, options: WaitOptions = {}): Promise<Json | undefined> {
    known.checkContext.waitFor(options)
    const { timeout } = options
    const end = timeout === undefined ? undefined : readTimeOrDuration('timeout', timeout)
    const row = await this.#wait('wait', this.#use(name, options), end)
    const result = decodeLoose(row.result)
    return isObject(result) ? result.signal : undefined
  }

  /** Keeps the function from going on. The run is held for another while, to be ended, but not renewed any more. */
  async close(): Promise<void> {
    await this.#handover
    this.#isOver = true
    clearTimeout(this.#late)
    this.#stop.removeEventListener('abort', this.#onStop)
    this.#context.closing.removeEventListener('abort', this.#onClose)
    await this.#renewal.stop()
  }

  /** Once in an execution: else a loop without `iteration` would get its first round's result for all. */
  #use(name: string, options?: StepOptions): StepAddress {
    const at = stepAddress(this.id, name, options)
    const key = this.#key(name, options)
    if (this.#used.has(key)) {
      throw new InvalidInput(`${stepName(at)} was used before in this execution`, {
        hint: 'Give every step, sleep and wait a name of its own, and the rounds of a loop an iteration each.',
      })
    }
    this.#used.add(key)
    return at
  }

  /** Does something that must not be interrupted by giving the run back, and not begin after it. */
  async #act<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await work()
    } finally {
      this.#active--
      if (this.#stop.aborted) void this.#handOver()
    }
  }

  /** Lets pass only while the run is held here, and counts who has passed: until then it is not given back. */
  async #enter(): Promise<void> {
    if (this.#stop.aborted) await this.#handOver()
    while (this.#handover !== undefined) await this.#handover
    if (this.#isOver) await never()
    this.signal.throwIfAborted()
    if (this.#broken !== undefined) throw this.#broken
    this.#active++
  }

  async #read(at: StepAddress, kind: StepKind): Promise<StepRow | undefined> {
    const row = await this.#ask(() => readStep(this.#context.db, at))
    if (row === undefined || row.kind === kind) return row
    throw new Conflict(`${stepName(at)} is kept as a ${row.kind}, not a ${kind}`, {
      hint: 'The code has changed: give it another version, and what is new another name.',
      details: { workflowId: this.id, name: at.name, iteration: at.iteration, kind: row.kind },
    })
  }

  /**
   * Asks the store. What it refuses for reasons of its own ends the execution, but not the run; a damaged record, which
   * would refuse the next one too, is an error of the function.
   */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      if (this.#isOver) return never()
      if (!(error instanceof InvalidInput || error instanceof Corrupt)) this.#broken = error
      throw error
    }
  }

  async #attempt(
    fn: (call: StepCall) => unknown,
    key: string,
    { maxAttempts, backoffMs }: Retries,
  ): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      this.signal.throwIfAborted()
      try {
        return await fn({ key, attempt, signal: this.signal })
      } catch (error) {
        if (attempt >= maxAttempts || this.signal.aborted) throw error
      }
      await this.#rest(Math.min(backoffMs * 2 ** (attempt - 1), maxBackoffMs))
    }
  }

  /** A pause between two attempts, in which the run may be given back when it is to stop. */
  async #rest(ms: number): Promise<void> {
    this.#active--
    this.#resting++
    try {
      await sleep(ms, undefined, { signal: AbortSignal.any([this.signal, this.#stop]) }).catch(() => {})
      await this.#enter()
    } catch (error) {
      this.#active++
      throw error
    } finally {
      this.#resting--
    }
  }

  async #wait(kind: Wait['kind'], at: StepAddress, end: Date | number | undefined): Promise<StepRow> {
    const { db } = this.#context
    const kept = await this.#act(() => this.#read(at, kind))
    this.#lastActivity = performance.now()
    if (kept !== undefined) return kept
    const dueAt =
      end === undefined
        ? undefined
        : await this.#act(() => this.#ask(() => startTimer(db, this.#lease, { at, end })))
    const wait: Wait = { at, kind, dueAt }
    this.#waits.add(wait)
    const activeAt = performance.now()
    for (;;) {
      const since = db.commits.count
      const row = await this.#act(() => this.#ask(() => settleWait(db, this.#lease, wait)))
      if (row !== undefined) {
        this.#waits.delete(wait)
        this.#lastActivity = performance.now()
        return row
      }
      const withinMs = dueAt && dueAt.getTime() - this.#context.clock.now()
      await nextChange(db, { since, activeAt, withinMs, signal: this.signal })
      if (this.#isServed && this.#isQuiet()) await this.#handOver()
    }
  }

  #isQuiet(): boolean {
    return this.#resting === 0 && performance.now() - this.#lastActivity >= quietMs
  }

  /** Gives the run back, if no step is under way and no signal has come. */
  async #handOver(): Promise<void> {
    if (this.#active > 0 || this.#isOver || this.#broken !== undefined) return
    this.#handover ??= this.#tryHandOver()
    await this.#handover
  }

  /** Gives the run back though a step is under way: what that brings is not kept. */
  async #cutShort(): Promise<void> {
    this.#isOver = true
    this.#ended.abort(closed())
    this.#handover ??= this.#tryHandOver()
    await this.#handover
    this.#gone.resolve()
  }

  async #tryHandOver(): Promise<void> {
    const isStopped = this.#stop.aborted
    const waits = [...this.#waits]
    const due = waits.flatMap(({ dueAt }) => dueAt ?? []).sort((a, b) => a.getTime() - b.getTime())
    const signals = waits.filter(({ kind }) => kind === 'wait').map(({ at }) => at.name)
    const wakening = isStopped
      ? { wakeAt: readyAtOnce, waitsFor: [] }
      : { wakeAt: due[0], waitsFor: [...new Set(signals)].sort() }
    try {
      if (!(await giveBack(this.#context.db, this.#lease, wakening))) return
      this.#isGone = true
      this.#isOver = true
      this.#gone.resolve()
    } catch (error) {
      this.#broken = error
    } finally {
      this.#handover = undefined
    }
  }
}

/** Checked retries. */
interface Retries {
  maxAttempts: number
  backoffMs: number
}

function checkRetries(retries: StepRetries | undefined): Retries {
  known.checkRetries(retries)
  const { maxAttempts = 1, backoff = 1_000 as Duration } = retries ?? {}
  return {
    maxAttempts: checkInteger('maxAttempts', maxAttempts, 1, 1_000),
    backoffMs: durationMs('backoff', backoff),
  }
}
