import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { follow } from '../db/follow.ts'
import { Deadline } from '../errors.ts'
import { encodeJson } from '../util/json.ts'
import type { Claim } from './claim.ts'
import { Leases } from './leases.ts'
import { prospect } from './ready.ts'
import { type Outcome, Settler } from './settler.ts'
import type { ClaimedTask } from './task.ts'
import type { Tasks } from './tasks.ts'
import type { TaskHandler, Terms, WorkSummary } from './work.ts'

/** A task in hand, with the signal that says that it is no longer ours. */
interface InHand {
  readonly task: ClaimedTask
  readonly signal: AbortSignal
}

/** Short tasks are claimed ahead: as many as will probably begin within this time, in milliseconds. */
const aheadMs = 20
const maxAhead = 100

/** Ended tasks that may wait to be written down while further ones run. */
const maxUnsettled = 500

/** How long handlers that do not wait for anything may hold the event loop, in milliseconds. */
const maxHoldMs = 10

/**
 * Claims tasks and runs a handler for each, in as many slots as there may be tasks at once. Writing down how one
 * ended goes on while the next one runs, and shares a commit with the claim of further ones.
 */
export class Worker {
  readonly #context: Context
  readonly #tasks: Tasks
  readonly #claim: Claim
  readonly #terms: Terms
  readonly #handler: TaskHandler
  readonly #leases: Leases
  readonly #settler: Settler
  readonly #summary: WorkSummary = { completed: 0, failed: 0, released: 0, lost: 0 }
  /** Claimed, and to be begun as soon as a slot is free. */
  readonly #ahead: InHand[] = []
  readonly #unsettled = new Set<Promise<void>>()
  readonly #idleSlots: (() => void)[] = []
  #busy = 0
  /** How long a task takes, lately. */
  #averageMs: number | undefined
  #lastTurn = performance.now()
  #stopped = false
  #isDraining = false
  /** Makes the claimer look again. */
  #wake: () => void = () => {}
  #failure: { error: unknown } | undefined

  constructor(context: Context, tasks: Tasks, claim: Claim, terms: Terms, handler: TaskHandler) {
    this.#context = context
    this.#tasks = tasks
    this.#claim = claim
    this.#terms = terms
    this.#handler = handler
    this.#leases = new Leases(tasks, claim.leaseMs)
    this.#settler = new Settler(tasks, claim.leaseMs)
  }

  /** Works until the signal aborts, or until nothing is left to do where that was asked for. */
  async run(): Promise<WorkSummary> {
    const stop = () => this.#stop()
    this.#terms.signal?.addEventListener('abort', stop, { once: true })
    if (this.#terms.signal?.aborted) this.#stop()
    const slots = Array.from({ length: this.#terms.concurrency }, () => this.#slot())
    await this.#claimAll().catch(error => this.#fail(error))
    this.#terms.signal?.removeEventListener('abort', stop)
    await this.#drain(slots)
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#summary
  }

  /** Does one task after the other. */
  async #slot(): Promise<void> {
    for (let next = await this.#next(); next !== undefined; next = await this.#next()) {
      const outcome = await this.#try(next)
      this.#busy--
      const settled = this.#settle(next, outcome).catch(error => this.#fail(error))
      this.#unsettled.add(settled)
      settled.finally(() => this.#unsettled.delete(settled))
      if (this.#unsettled.size >= maxUnsettled) await Promise.race(this.#unsettled)
    }
  }

  /** The next task for a slot; undefined when there will be none. */
  async #next(): Promise<InHand | undefined> {
    if (performance.now() - this.#lastTurn > maxHoldMs) {
      await nextTurn()
      this.#lastTurn = performance.now()
    }
    while (!this.#stopped) {
      const next = this.#ahead.shift()
      if (this.#ahead.length <= this.#wantedAhead / 2) this.#wake()
      if (next !== undefined) {
        this.#busy++
        return next
      }
      await new Promise<void>(resolve => this.#idleSlots.push(resolve))
      this.#lastTurn = performance.now()
    }
    return undefined
  }

  get #wantedAhead(): number {
    if (this.#averageMs === undefined) return 0
    return Math.min(
      maxAhead,
      Math.floor((this.#terms.concurrency * aheadMs) / Math.max(this.#averageMs, 0.01)),
    )
  }

  /** Runs the handler. A result that cannot be kept is its error too. */
  async #try({ task, signal }: InHand): Promise<Outcome> {
    const { id, token } = task
    const progress = async (value: unknown) => {
      await this.#tasks.heartbeat({ id, token, progress: value, leaseMs: this.#claim.leaseMs })
    }
    const startedAt = performance.now()
    try {
      signal.throwIfAborted()
      const result = (await this.#handler(task, { signal, progress })) ?? null
      encodeJson('result', result, this.#context.maxValueBytes)
      return { result }
    } catch (error) {
      return { error }
    } finally {
      const tookMs = performance.now() - startedAt
      this.#averageMs = this.#averageMs === undefined ? tookMs : 0.8 * this.#averageMs + 0.2 * tookMs
    }
  }

  async #settle({ task, signal }: InHand, outcome: Outcome): Promise<void> {
    const isLost = signal.aborted && !this.#isDraining
    const isCutShort = signal.aborted && this.#isDraining && 'error' in outcome
    try {
      if (isLost && 'error' in outcome) this.#summary.lost++
      else if (isCutShort) this.#summary[await this.#settler.release(task)]++
      else this.#summary[await this.#settler.settle(task, outcome)]++
    } finally {
      this.#leases.drop(task.id)
      if (this.#terms.untilEmpty) this.#wake()
    }
  }

  /** Keeps the slots in work. */
  async #claimAll(): Promise<void> {
    for (let inVain = 0; !this.#stopped; ) {
      const wanted = this.#idleSlots.length + this.#wantedAhead - this.#ahead.length
      if (wanted <= 0) {
        await this.#sleep()
        continue
      }
      const claimed = await this.#claimSome(wanted)
      inVain = claimed === 0 ? inVain + 1 : 0
      if (claimed === wanted) continue
      if (claimed === 0 && this.#terms.untilEmpty && this.#isDone) return this.#stop()
      // Others may be faster, again and again: each time in vain, we leave them more time.
      if (inVain > 1) await sleep(Math.min(2 ** inVain, 250))
      await this.#nextWork()
    }
  }

  get #isDone(): boolean {
    return this.#busy + this.#ahead.length + this.#unsettled.size === 0
  }

  async #claimSome(limit: number): Promise<number> {
    const { agentId, capabilities, queues, leaseMs } = this.#claim
    const askedAt = performance.now()
    const options = {
      agentId,
      capabilities,
      queues: queues && [...queues],
      leaseMs,
      limit: Math.min(limit, 1_000),
    }
    const claimed = (await this.#settler.persist(() => this.#tasks.claim(options))) ?? []
    for (const task of claimed) this.#ahead.push({ task, signal: this.#leases.hold(task, askedAt) })
    for (const begin of this.#idleSlots.splice(0, claimed.length)) begin()
    return claimed.length
  }

  /** Resolves when there may be something to claim, or to look at again. */
  async #nextWork(): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (this.#stopped || (this.#terms.untilEmpty && this.#isDone)) return
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

  /** Resolves when a slot needs work, after a turn in which others may come to need some too. */
  async #sleep(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
    await nextTurn()
  }

  /** Ends the work with an error that is no task's. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop()
  }

  #stop(): void {
    this.#stopped = true
    this.#wake()
    for (const begin of this.#idleSlots.splice(0)) begin()
  }

  /** Gives back what has not begun, lets what runs come to its end, and after `drainMs` tells it to. */
  async #drain(slots: readonly Promise<void>[]): Promise<void> {
    const drainMs = this.#failure === undefined ? this.#terms.drainMs : 0
    const late = setTimeout(() => this.#cutShort(), drainMs)
    await this.#giveBack().catch(error => this.#fail(error))
    await Promise.allSettled(slots)
    await Promise.allSettled(this.#unsettled)
    clearTimeout(late)
    this.#leases.stop()
  }

  #cutShort(): void {
    this.#isDraining = true
    this.#leases.abort(new Deadline(`the worker has ended, and gave its tasks ${this.#terms.drainMs} ms`))
  }

  async #giveBack(): Promise<void> {
    const released = this.#ahead.splice(0).map(async ({ task }) => {
      this.#leases.drop(task.id)
      await this.#settler.release(task)
    })
    await Promise.all(released)
  }
}
