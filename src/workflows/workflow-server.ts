import type { Context } from '../context.ts'
import { closed } from '../db/decorators/closable.ts'
import { checkLeaseMs, defaultLeaseMs } from '../db/lease.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { execute } from './execute.ts'
import { nextChange } from './next-change.ts'
import { type ClaimedRun, claimDue, findDue, type RunLease } from './run-lease.ts'
import { refuseTransaction, stopSignal } from './run-workflow.ts'
import type { WorkflowFunction } from './workflow-context.ts'

/** The code of one type of workflow. */
export interface WorkflowCode {
  /** Only runs that were started with this version are worked on. Default: `1`. */
  version?: string | undefined
  run: WorkflowFunction
}

export interface ServeOptions {
  /** Ends it: no run is begun any more, those at work are given back as soon as their steps are done. */
  signal?: AbortSignal | undefined
  /** How many runs are worked on at once: 1 to 1,000, default 10. Those that sleep or wait do not count. */
  concurrency?: number | undefined
  /** After how long without a renewal other processes take a run over: up to a day, default 30,000 ms. */
  leaseMs?: number | undefined
  /**
   * Called when a run was lost to another process or to a failure of the store (it is tried again when its lease has
   * lapsed), and, without an id, when looking for runs failed. Default: `process.emitWarning`.
   */
  onError?: ((error: unknown, id: string | undefined) => void) | undefined
}

/** How long a suspect may keep other runs waiting, and these a suspect, in milliseconds. */
const patienceMs = 30_000

interface ServedType {
  type: string
  version: string
  run: WorkflowFunction
}

/** A loop that works on runs of some types; any number of processes may have one. */
export class WorkflowServer {
  readonly #context: Context
  readonly #kinds: ServedType[]
  readonly #stop: AbortSignal
  readonly #concurrency: number
  readonly #leaseMs: number
  readonly #onError: (error: unknown, id: string | undefined) => void
  readonly #working = new Set<Promise<void>>()
  #onEnd = () => {}
  /** The run at work that may be what ends the processes that work on it. */
  #suspect: { lease: RunLease; since: number } | undefined
  /** When it had nothing to work on. */
  #idleAt = performance.now()
  /** True when a suspect has waited for long: then it is next. */
  #owesSuspect = false

  constructor(context: Context, code: Readonly<Record<string, WorkflowCode>>, options: ServeOptions) {
    refuseTransaction(context, 'serve')
    this.#context = context
    this.#kinds = Object.entries(code).map(([type, { version = '1', run }]) => ({
      type: checkName('type', type),
      version: checkName('version', version),
      run,
    }))
    if (this.#kinds.length === 0) {
      throw new InvalidInput('workflows.serve() was given no workflow', {
        hint: 'Pass the code by type: { deploy: { run: async workflow => … } }.',
      })
    }
    this.#stop = stopSignal(context, options.signal)
    this.#concurrency = checkInteger('concurrency', options.concurrency ?? 10, 1, 1_000)
    this.#leaseMs = checkLeaseMs(options.leaseMs ?? defaultLeaseMs)
    this.#onError = options.onError ?? warn
  }

  /** Resolves when it was stopped, or the handle closes, and it works on nothing any more. */
  serve(): Promise<void> {
    return this.#context.untilDone(this.#serve())
  }

  async #serve(): Promise<void> {
    if (this.#context.closing.aborted) throw closed()
    const { db } = this.#context
    let activeAt = performance.now()
    try {
      while (!this.#stop.aborted) {
        const since = db.commits.count
        if (await this.#begin()) activeAt = performance.now()
        else await Promise.race([nextChange(db, { since, activeAt, signal: this.#stop }), this.#nextEnd()])
        if (this.#working.size >= this.#concurrency) await this.#nextEnd()
      }
    } finally {
      await Promise.all(this.#working)
    }
  }

  /**
   * Begins to work on what is due. False when nothing was, or had to wait: a suspect has the process for itself, so
   * that it takes no other run down with it, and others go before it.
   */
  async #begin(): Promise<boolean> {
    if (this.#isIsolating() || (await this.#isMakingRoom())) return false
    if (this.#working.size > 0) return this.#claim(false)
    const suspectsFirst = this.#owesSuspect
    this.#idleAt = performance.now()
    this.#owesSuspect = false
    return (await this.#claim(suspectsFirst)) || this.#claim(!suspectsFirst)
  }

  #isIsolating(): boolean {
    if (this.#suspect === undefined || this.#suspect.lease.lapses === 0) return false
    return performance.now() - this.#suspect.since < patienceMs
  }

  /** Every other while, as long as it always has work, it lets that end when a suspect waits. */
  async #isMakingRoom(): Promise<boolean> {
    const busyMs = performance.now() - this.#idleAt
    if (this.#working.size === 0 || Math.floor(busyMs / patienceMs) % 2 === 0) return false
    try {
      this.#owesSuspect = await this.#isSuspectDue()
    } catch (error) {
      if (!this.#stop.aborted) this.#reportError(error, undefined)
    }
    return this.#owesSuspect
  }

  async #isSuspectDue(): Promise<boolean> {
    for (const kind of this.#kinds) {
      if ((await findDue(this.#context.db, { ...kind, suspects: true }, 1)).length > 0) return true
    }
    return false
  }

  /** Claims what is due and begins to work on it. A failure of the store does not end the loop. */
  async #claim(suspects: boolean): Promise<boolean> {
    let isAny = false
    for (const kind of this.#kinds) {
      const free = suspects ? 1 - this.#working.size : this.#concurrency - this.#working.size
      if (free <= 0) break
      try {
        const claimed = await claimDue(
          this.#context,
          { ...kind, suspects },
          { limit: free, leaseMs: this.#leaseMs },
        )
        for (const run of claimed) this.#launch(kind, run)
        if (suspects && claimed[0]) this.#suspect = { lease: claimed[0].lease, since: performance.now() }
        isAny ||= claimed.length > 0
      } catch (error) {
        if (!this.#stop.aborted) this.#reportError(error, undefined)
      }
    }
    // What came first is asked last the next time, so that no type takes every place for itself.
    this.#kinds.push(...this.#kinds.splice(0, 1))
    return isAny
  }

  #launch({ run }: ServedType, claimed: ClaimedRun): void {
    const work = this.#work(run, claimed).finally(() => {
      this.#working.delete(work)
      if (this.#suspect?.lease === claimed.lease) this.#suspect = undefined
      this.#onEnd()
    })
    this.#working.add(work)
  }

  /** Resolves when one of the runs at work has ended. A race would have the longest remember all that did before. */
  #nextEnd(): Promise<void> {
    return new Promise(resolve => {
      this.#onEnd = resolve
    })
  }

  async #work(run: WorkflowFunction, claimed: ClaimedRun): Promise<void> {
    const outcome = await execute(this.#context, claimed, { fn: run, isServed: true, stop: this.#stop })
    if (outcome.end === 'lost') this.#reportError(outcome.error, claimed.lease.id)
  }

  /** What the listener itself throws, at once or later, is warned of: it must end neither the work nor the process. */
  #reportError(error: unknown, id: string | undefined): void {
    const reported = (async () => this.#onError(error, id))()
    reported.catch(thrown => {
      warn(error, id)
      warn(thrown, undefined)
    })
  }
}

function warn(error: unknown, id: string | undefined): void {
  const text = error instanceof Error ? error.message : String(error)
  process.emitWarning(id === undefined ? text : `workflow ${JSON.stringify(id)} was interrupted: ${text}`)
}
