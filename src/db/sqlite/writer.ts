import { setImmediate as nextTurn } from 'node:timers/promises'
import { Busy, Closed } from '../../errors.ts'
import { outsideAsyncContext } from '../../util/outside-async-context.ts'
import { retryBusy } from './busy.ts'
import type { Connection } from './connection.ts'
import { inDoubt } from './translate-error.ts'

interface Job {
  /** May be run again when the batch around it was lost. */
  readonly run: (queuedAt: number) => unknown
  /** True when it must have the connection to itself, outside a batch. */
  readonly alone: boolean
  readonly queuedAt: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
  /** Takes its turn: throws when nobody waits for it any more, who has heard that then. */
  readonly begin: () => void
}

/** How a job ended within its batch. Its caller hears of it after the commit. */
type Outcome = { value: unknown } | { error: unknown }

/** Enough to share an fsync well, few enough to hold neither the event loop nor the lock for long. */
const maxBatch = 500

/** How long work may go on before the event loop gets a turn, in milliseconds. */
const maxHoldMs = 20

/**
 * The one queue of writes of a store in this process. What waits together commits together (group commit): one
 * transaction and one fsync for all, each write acknowledged only after it.
 */
export class Writer {
  busyTimeoutMs: number
  /** Called inside every new transaction, before the first job: throws when writing must not go on. */
  onBegin: () => void = () => {}
  /** Called right after every commit, before any call resolves. */
  onCommit: () => void = () => {}
  /** Throws when the files of the store are gone. Called before anything is acknowledged. */
  look: () => void = () => {}
  /** The same by their path, which costs more. Called before anything is committed. */
  lookUp: () => void = () => {}
  readonly #connection: Connection
  #jobs: Job[] = []
  #draining: Promise<void> | undefined
  /** Why no work is accepted any more. */
  #closed: (() => Error) | undefined
  /** Since when other processes have kept this one from writing; undefined while they have not. */
  #keptOutSince: number | undefined
  #lastTurn = performance.now()
  /** When the work began that has the connection to itself. */
  #aloneSince = 0

  constructor(connection: Connection, busyTimeoutMs: number) {
    this.#connection = connection
    this.busyTimeoutMs = busyTimeoutMs
  }

  /**
   * Runs `work` inside the next batch's transaction. It may be run again if that transaction is lost.
   * @param signal has it not run at all when it aborts before its turn
   */
  submit<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#enqueue(work, { alone: false, signal })
  }

  /**
   * Runs `work` with nothing else on the connection and no transaction open; it hears when it was queued.
   * @param signal has it not run at all when it aborts before its turn
   */
  alone<T>(work: (queuedAt: number) => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#enqueue(work, { alone: true, signal })
  }

  /**
   * Begins a transaction as a writer, waiting for other processes up to the busy timeout.
   * @param queuedAt when the work was queued: what has waited for others behind others does not wait anew
   * @param waitMs how long to wait at most. Default: the busy timeout
   */
  async begin(queuedAt: number, waitMs = this.busyTimeoutMs): Promise<void> {
    const since = this.#waitsSince(queuedAt)
    const leftMs = Math.max(0, waitMs - (performance.now() - since))
    try {
      await retryBusy(() => this.#connection.step('begin immediate'), leftMs)
      this.#keptOutSince = undefined
      // The wait for others gave the event loop its turns.
      this.#lastTurn = performance.now()
    } catch (error) {
      this.#keptOutSince ??= since
      throw error
    }
    try {
      this.onBegin()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** @throws Storage with an unknown outcome when the disk failed in it */
  commit(): void {
    // A commit may merge the log into the file, which must not be done with a log that has no name any more.
    this.lookUp()
    try {
      this.#connection.step('commit')
    } catch (error) {
      throw inDoubt(error)
    }
    this.onCommit()
  }

  /** Undoes the open transaction; SQLite may have done so itself. */
  rollback(): void {
    if (this.#connection.isTransaction) this.#connection.exec('rollback')
  }

  /** True when the event loop has waited long enough: see {@link giveTurn}. */
  get isTurnDue(): boolean {
    return performance.now() - this.#lastTurn > maxHoldMs
  }

  /** For how many milliseconds work has waited for that alone which has the connection to itself. */
  get heldUpMs(): number {
    const first = this.#jobs.find(({ signal }) => !signal?.aborted)
    return first === undefined ? 0 : performance.now() - Math.max(first.queuedAt, this.#aloneSince)
  }

  /** Lets timers and sockets have a turn; what is open stays open. */
  async giveTurn(): Promise<void> {
    await nextTurn()
    this.#lastTurn = performance.now()
  }

  /** Refuses new work, as Closed or for another reason, and resolves when all accepted work is done. */
  async close(reason: () => Error = () => new Closed('the store is closed')): Promise<void> {
    this.#closed ??= reason
    await this.#draining
  }

  #enqueue<T>(
    run: (queuedAt: number) => T | Promise<T>,
    { alone, signal }: { alone: boolean; signal: AbortSignal | undefined },
  ): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed())
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise<T>((resolve, reject) => {
      // The queue holds jobs of every type; each resolves with what its own `run` returned.
      const queuedAt = performance.now()
      const leave = () => reject(signal?.reason)
      signal?.addEventListener('abort', leave, { once: true })
      const begin = () => {
        signal?.throwIfAborted()
        // From here on it is waited for: whether it was done is known when it has ended.
        signal?.removeEventListener('abort', leave)
      }
      const job = { run, alone, queuedAt, signal, begin, reject }
      this.#jobs.push({ ...job, resolve: resolve as (value: unknown) => void })
      this.#draining ??= outsideAsyncContext(() => this.#drain())
    })
  }

  async #drain(): Promise<void> {
    // A turn of the event loop between batches keeps timers and sockets alive under any load.
    for (await this.giveTurn(); this.#jobs.length > 0; await this.giveTurn()) {
      if (this.#jobs[0]?.alone) await this.#runAlone(this.#jobs.splice(0, 1))
      else await this.#runBatch(this.#jobs.splice(0, this.#batchLength()))
    }
    this.#draining = undefined
  }

  #batchLength(): number {
    const next = this.#jobs.findIndex((job, i) => job.alone || i >= maxBatch)
    return next === -1 ? this.#jobs.length : next
  }

  async #runAlone([job]: Job[]): Promise<void> {
    try {
      job?.begin()
      this.#aloneSince = performance.now()
      this.lookUp()
      const value = await job?.run(job.queuedAt)
      this.#lookAgain()
      job?.resolve(value)
    } catch (error) {
      job?.reject(error)
    }
  }

  /** What was done may have been done to files that had no name any more by then. */
  #lookAgain(): void {
    try {
      this.look()
    } catch (error) {
      throw inDoubt(error)
    }
  }

  async #runBatch(batch: Job[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      outcomes = await this.#commitTogether(batch)
    } catch (error) {
      await this.#recover(batch, error)
      return
    }
    try {
      this.#lookAgain()
    } catch (error) {
      for (const job of batch) job.reject(error)
      return
    }
    for (const [i, job] of batch.entries()) this.#settle(job, outcomes[i])
  }

  async #commitTogether(batch: Job[]): Promise<Outcome[]> {
    await this.begin(batch[0]?.queuedAt ?? performance.now())
    try {
      const outcomes: Outcome[] = []
      for (const job of batch) {
        outcomes.push(await this.#attempt(job))
        if (this.isTurnDue) break
      }
      this.commit()
      // What did not fit in is the next batch's.
      this.#jobs.unshift(...batch.splice(outcomes.length))
      return outcomes
    } catch (error) {
      this.rollback()
      throw new BatchLost(error)
    }
  }

  /** A failed statement undoes itself only. When the whole transaction is gone with it, so is the batch. */
  async #attempt(job: Job): Promise<Outcome> {
    try {
      job.begin()
      const value = job.run(job.queuedAt)
      return { value: value instanceof Promise ? await value : value }
    } catch (error) {
      if (!this.#connection.isTransaction) throw error
      return { error }
    }
  }

  /** Nothing of a lost batch is stored: one job alone rejects its call, several get a transaction each. */
  async #recover(batch: Job[], error: unknown): Promise<void> {
    if (error instanceof Busy) return this.#giveUp(batch, error)
    if (error instanceof BatchLost && batch.length > 1) {
      for (const job of batch) {
        await this.#runBatch([job])
        await this.giveTurn()
      }
      return
    }
    const reason = error instanceof BatchLost ? error.cause : error
    for (const job of batch) job.reject(reason)
  }

  /** Refuses those who have waited for other processes long enough; the others wait on. */
  #giveUp(batch: Job[], error: Busy): void {
    const latest = performance.now() - this.busyTimeoutMs
    const later = batch.filter(job => this.#waitsSince(job.queuedAt) > latest)
    for (const job of batch) if (!later.includes(job)) job.reject(error)
    this.#jobs.unshift(...later)
  }

  /** Since when work that was queued then has been kept from the store by other processes. */
  #waitsSince(queuedAt: number): number {
    return Math.max(queuedAt, this.#keptOutSince ?? performance.now())
  }

  #settle(job: Job, outcome: Outcome | undefined): void {
    if (outcome !== undefined && 'value' in outcome) job.resolve(outcome.value)
    else job.reject(outcome?.error)
  }
}

/** The transaction around a batch came to nothing; `cause` says why. */
class BatchLost extends Error {
  constructor(cause: unknown) {
    super('the batch was rolled back', { cause })
  }
}
