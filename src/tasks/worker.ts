import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { follow } from '../db/follow.ts'
import { Conflict, Deadline, HivewaxError, NotFound } from '../errors.ts'
import { encodeJson } from '../util/json.ts'
import type { Claim } from './claim.ts'
import { Coalescer } from './coalescer.ts'
import { GiveUp, TryLater } from './give-up.ts'
import { Leases } from './leases.ts'
import { prospect } from './ready.ts'
import type { ClaimedTask } from './task.ts'
import type { Completion, Tasks } from './tasks.ts'
import type { TaskHandler, Terms, WorkSummary } from './work.ts'

/** Between two attempts to do what the store was too busy for, in milliseconds. */
const retryMs = 100

/**
 * Claims tasks and runs a handler for each. What ends in one turn of the event loop is completed in one
 * transaction, and the claim of the next tasks shares its commit.
 */
export class Worker {
  readonly #context: Context
  readonly #tasks: Tasks
  readonly #claim: Claim
  readonly #terms: Terms
  readonly #handler: TaskHandler
  readonly #leases: Leases
  readonly #completions: Coalescer<Completion>
  readonly #summary: WorkSummary = { completed: 0, failed: 0, released: 0, lost: 0 }
  readonly #running = new Set<Promise<void>>()
  /** Aborted when nothing more is to be claimed. */
  readonly #stop = new AbortController()
  #isDraining = false
  #busy = 0
  /** Ends a wait of the loop. */
  #wake: () => void = () => {}
  #failure: { error: unknown } | undefined

  constructor(context: Context, tasks: Tasks, claim: Claim, terms: Terms, handler: TaskHandler) {
    this.#context = context
    this.#tasks = tasks
    this.#claim = claim
    this.#terms = terms
    this.#handler = handler
    this.#leases = new Leases(tasks, claim.leaseMs)
    this.#completions = new Coalescer(list => this.#completeAll(list))
  }

  /** Works until the signal aborts, or until nothing is left to do where that was asked for. */
  async run(): Promise<WorkSummary> {
    const end = () => this.#end()
    this.#terms.signal?.addEventListener('abort', end, { once: true })
    if (this.#terms.signal?.aborted) this.#end()
    try {
      await this.#loop()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#terms.signal?.removeEventListener('abort', end)
      await this.#drain()
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#summary
  }

  async #loop(): Promise<void> {
    for (let idle = 0; !this.#stop.signal.aborted; ) {
      const free = this.#terms.concurrency - this.#busy
      if (free === 0) {
        await this.#nextEnd()
        continue
      }
      const count = await this.#claimAndStart(free)
      idle = count === 0 ? idle + 1 : 0
      if (count === free) continue
      if (this.#terms.untilEmpty && this.#busy === 0 && count === 0) return
      // Others may be faster, again and again: each time in vain, we leave them more time.
      if (idle > 1) await sleep(Math.min(2 ** idle, 250))
      await this.#nextWork()
    }
  }

  async #claimAndStart(free: number): Promise<number> {
    const askedAt = performance.now()
    const claimed = await this.#persist(() => this.#tasks.claim({ ...this.#claimOptions, limit: free }))
    for (const task of claimed ?? []) this.#start(task, askedAt)
    return claimed?.length ?? 0
  }

  get #claimOptions() {
    const { agentId, capabilities, queues, leaseMs } = this.#claim
    return { agentId, capabilities, queues: queues && [...queues], leaseMs }
  }

  /** Resolves after a handler has ended, and a turn in which others may end too. */
  async #nextEnd(): Promise<void> {
    await this.#sleep()
    await nextTurn()
  }

  /** Resolves when there may be something to claim, or to look at again. */
  async #nextWork(): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (this.#stop.signal.aborted || (this.#terms.untilEmpty && this.#busy === 0)) return
    const read = async () => {
      const { isReady, withinMs } = await prospect(this.#context, this.#claim)
      return {
        items: isReady ? [true] : [],
        cursor: 0,
        more: false,
        ...(withinMs !== undefined && { withinMs }),
      }
    }
    for await (const _ of follow(this.#context.db, 0, read, woken.signal)) return
  }

  #sleep(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      if (this.#stop.signal.aborted) resolve()
    })
  }

  #start(task: ClaimedTask, askedAt: number): void {
    this.#busy++
    const run = this.#do(task, this.#leases.hold(task, askedAt)).catch(error => this.#fail(error))
    this.#running.add(run)
    run.finally(() => this.#running.delete(run))
  }

  async #do(task: ClaimedTask, signal: AbortSignal): Promise<void> {
    const outcome = await this.#try(task, signal)
    this.#busy--
    if (this.#busy === this.#terms.concurrency - 1 || this.#terms.untilEmpty) this.#wake()
    try {
      this.#summary[await this.#settle(task, outcome, signal)]++
    } finally {
      this.#leases.drop(task.id)
      if (this.#terms.untilEmpty) this.#wake()
    }
  }

  /** Runs the handler. A result that cannot be kept is its error too. */
  async #try(task: ClaimedTask, signal: AbortSignal): Promise<Outcome> {
    const { id, token } = task
    const progress = async (value: unknown) => {
      await this.#tasks.heartbeat({ id, token, progress: value, leaseMs: this.#claim.leaseMs })
    }
    try {
      const result = (await this.#handler(task, { signal, progress })) ?? null
      encodeJson('result', result, this.#context.maxValueBytes)
      return { result }
    } catch (error) {
      return { error }
    }
  }

  /** Writes down how a task ended. Whatever became of its lease, the token decides. */
  async #settle(task: ClaimedTask, outcome: Outcome, signal: AbortSignal): Promise<keyof WorkSummary> {
    const { id, token } = task
    const write = (): Promise<keyof WorkSummary> => {
      if ('result' in outcome)
        return this.#completions.add({ id, token, result: outcome.result }).then(() => 'completed')
      const { error } = outcome
      if (error instanceof TryLater) return this.#release(task, error.delayMs)
      if (this.#isDraining && signal.aborted) return this.#release(task, 0)
      return this.#tasks.fail({ id, token, error, retry: !(error instanceof GiveUp) }).then(() => 'failed')
    }
    if ('error' in outcome && signal.aborted && !this.#isDraining) return 'lost'
    try {
      return (await this.#persist(write)) ?? 'lost'
    } catch (error) {
      if (error instanceof Conflict || error instanceof NotFound) return 'lost'
      throw error
    }
  }

  async #release({ id, token }: ClaimedTask, delayMs: number): Promise<'released'> {
    await this.#tasks.release({ id, token, delayMs })
    return 'released'
  }

  async #completeAll(list: readonly Completion[]): Promise<(Error | undefined)[]> {
    const { stale } = await this.#tasks.completeMany(list)
    const lost = new Set(stale.map(claim => claim.id))
    return list.map(({ id }) =>
      lost.has(id) ? new NotFound(`the claim of task ${id} has ended`) : undefined,
    )
  }

  /** Does again what the store was too busy for, for as long as a lease lasts; then it is undefined. */
  async #persist<T>(write: () => Promise<T>): Promise<T | undefined> {
    for (const end = performance.now() + this.#claim.leaseMs; performance.now() < end; await sleep(retryMs)) {
      try {
        return await write()
      } catch (error) {
        if (!(error instanceof HivewaxError && error.retryable)) throw error
      }
    }
    return undefined
  }

  /** Ends the work with an error that is no task's. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#end()
  }

  #end(): void {
    this.#stop.abort()
    this.#wake()
  }

  /** Lets what runs come to its end, and after `drainMs` tells it to. */
  async #drain(): Promise<void> {
    const late = setTimeout(
      () => {
        this.#isDraining = true
        this.#leases.abort(new Deadline(`the worker has ended, and gave its tasks ${this.#terms.drainMs} ms`))
      },
      this.#failure === undefined ? this.#terms.drainMs : 0,
    )
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    clearTimeout(late)
    this.#leases.stop()
  }
}

type Outcome = { result: unknown } | { error: unknown }
