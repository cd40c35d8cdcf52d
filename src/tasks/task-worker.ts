import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { follow } from '../db/follow.ts'
import { Deadline } from '../errors.ts'
import { encodeJson } from '../util/json.ts'
import { keepable } from './attempts.ts'
import type { Claim } from './claim.ts'
import { Pace } from './pace.ts'
import { peekReady } from './peek-ready.ts'
import type { ClaimedTask } from './task.ts'
import { type HandlerOutcome, TaskSettler } from './task-settler.ts'
import type { Tasks } from './tasks.ts'
import type { TaskHandler, Terms, WorkSummary } from './work-options.ts'
import { WorkerLeases } from './worker-leases.ts'

/** A task in hand, with the signal that says that it is no longer ours. */
interface InHand {
  readonly task: ClaimedTask
  readonly signal: AbortSignal
}

/** What a worker does. */
interface Work {
  claim: Claim
  terms: Terms
  handler: TaskHandler
}

/** How long a task claimed ahead may wait for any task to begin, in milliseconds; then others can have it. */
const maxWaitMs = 200

/** Ended tasks that may wait to be written down while further ones run. */
const maxUnsettled = 1_000

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
  readonly #leases: WorkerLeases
  readonly #settler: TaskSettler
  readonly #pace: Pace
  readonly #summary: WorkSummary = { completed: 0, failed: 0, released: 0, lost: 0 }
  /** Claimed, and to be begun as soon as a slot is free. */
  readonly #ahead: InHand[] = []
  readonly #unsettled = new Set<Promise<void>>()
  readonly #idleSlots: (() => void)[] = []
  /** Slots that go on once something more is written down. */
  readonly #waitingForRoom: (() => void)[] = []
  #busy = 0
  #lastTurn = performance.now()
  #patience: NodeJS.Timeout | undefined
  #stopped = false
  #isDraining = false
  /** Makes the claimer look again. */
  #wake: () => void = () => {}
  #failure: { error: unknown } | undefined

  constructor(context: Context, tasks: Tasks, { claim, terms, handler }: Work) {
    this.#context = context
    this.#tasks = tasks
    this.#claim = claim
    this.#terms = terms
    this.#handler = handler
    this.#leases = new WorkerLeases(tasks, claim.leaseMs)
    this.#settler = new TaskSettler(tasks, claim.leaseMs)
    this.#pace = new Pace(terms.concurrency)
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
      this.#inBackground(this.#settle(next, outcome))
      while (this.#unsettled.size >= maxUnsettled) await this.#room()
    }
  }

  /** Lets a write go on while further tasks run; the work ends after it. */
  #inBackground(writing: Promise<void>): void {
    const written = writing
      .catch(error => this.#fail(error))
      .then(() => {
        this.#unsettled.delete(written)
        if (this.#waitingForRoom.length > 0) for (const goOn of this.#waitingForRoom.splice(0)) goOn()
        if (this.#terms.untilEmpty) this.#wake()
      })
    this.#unsettled.add(written)
  }

  /** Resolves when something more is written down. */
  #room(): Promise<void> {
    return new Promise(resolve => this.#waitingForRoom.push(resolve))
  }

  /** The next task for a slot; undefined when there will be none. */
  async #next(): Promise<InHand | undefined> {
    if (performance.now() - this.#lastTurn > maxHoldMs) {
      await nextTurn()
      this.#lastTurn = performance.now()
      this.#leases.giveUpLate()
    }
    while (!this.#stopped) {
      const next = this.#ahead.shift()
      if (this.#ahead.length <= this.#pace.ahead / 2) this.#wake()
      if (next !== undefined) {
        this.#busy++
        this.#patience?.refresh()
        return next
      }
      await new Promise<void>(resolve => this.#idleSlots.push(resolve))
      this.#lastTurn = performance.now()
    }
    return undefined
  }

  /** Runs the handler. A result that cannot be kept is its error too. */
  async #try({ task, signal }: InHand): Promise<HandlerOutcome> {
    const { id, token } = task
    const progress = async (value: unknown) => {
      await this.#tasks.heartbeat({ id, token, progress: value, leaseMs: this.#claim.leaseMs })
    }
    const startedAt = performance.now()
    try {
      signal.throwIfAborted()
      const result = await this.#handler(task, { signal, progress })
      if (result !== undefined) encodeJson('result', result, this.#context.maxValueBytes)
      return { result }
    } catch (error) {
      return { error: keepable(error, this.#context.maxValueBytes) }
    } finally {
      this.#pace.ended(task, performance.now() - startedAt)
    }
  }

  async #settle({ task, signal }: InHand, outcome: HandlerOutcome): Promise<void> {
    const isLost = signal.aborted && !this.#isDraining
    const isCutShort = signal.aborted && this.#isDraining && 'error' in outcome
    try {
      if (isLost && 'error' in outcome) this.#summary.lost++
      else if (isCutShort) this.#summary[await this.#settler.release(task)]++
      else this.#summary[await this.#settler.settle(task, outcome)]++
    } finally {
      this.#leases.drop(task)
    }
  }

  /** Keeps the slots in work. */
  async #claimAll(): Promise<void> {
    for (let inVain = 0; !this.#stopped; ) {
      const wanted = this.#idleSlots.length + this.#pace.ahead - this.#ahead.length
      if (wanted <= 0 || this.#ahead.length > this.#pace.ahead / 2) {
        await this.#sleep()
        continue
      }
      const claimed = await this.#claimSome(wanted)
      inVain = claimed === 0 ? inVain + 1 : 0
      if (claimed === wanted) continue
      if (claimed === 0 && this.#terms.untilEmpty && this.#isDone && !(await this.#isReady()))
        return this.#stop()
      // Others may be faster, again and again: each time in vain, we leave them more time.
      if (inVain > 1) await sleep(Math.min(2 ** inVain, 250))
      await this.#nextWork()
    }
  }

  /** One claim brings only so much of the queue up to date: another may get something. */
  async #isReady(): Promise<boolean> {
    return (await peekReady(this.#context, this.#claim)).isReady
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
    const begun = this.#idleSlots.splice(0, claimed.length)
    const [kept, others] = partition(claimed, (task, i) => i < begun.length || this.#pace.mayWait(task))
    for (const task of kept) this.#ahead.push({ task, signal: this.#leases.hold(task, askedAt) })
    if (others.length > 0) this.#inBackground(this.#release(others))
    for (const begin of begun) begin()
    this.#patience ??= setTimeout(() => this.#giveUpAhead(), maxWaitMs).unref()
    this.#patience.refresh()
    return claimed.length
  }

  /** Resolves when there may be something to claim, or to look at again. */
  async #nextWork(): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (this.#stopped || (this.#terms.untilEmpty && this.#isDone)) return
    const read = async () => {
      const { isReady, withinMs } = await peekReady(this.#context, this.#claim)
      return {
        items: isReady ? [true] : [],
        cursor: 0,
        more: false,
        ...(withinMs !== undefined && { withinMs }),
      }
    }
    for await (const _ of follow(this.#context.db, read, { signal: woken.signal })) return
  }

  /** Resolves when a slot needs work, after a turn in which others may come to need some too. */
  async #sleep(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
    await nextTurn()
  }

  /** Ends the work with an error that does not come from a task. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop()
  }

  #stop(): void {
    this.#stopped = true
    this.#wake()
    for (const begin of this.#idleSlots.splice(0)) begin()
  }

  /** Gives back what has not begun, lets what runs come to its end, and after `drainMs` aborts it. */
  async #drain(slots: readonly Promise<void>[]): Promise<void> {
    const drainMs = this.#failure === undefined ? this.#terms.drainMs : 0
    const late = setTimeout(() => this.#cutShort(), drainMs)
    this.#inBackground(this.#giveBack())
    await Promise.allSettled(slots)
    await Promise.allSettled(this.#unsettled)
    clearTimeout(late)
    clearTimeout(this.#patience)
    this.#leases.stop()
  }

  #cutShort(): void {
    this.#isDraining = true
    this.#leases.abort(new Deadline(`the worker has ended, and gave its tasks ${this.#terms.drainMs} ms`))
  }

  /** No slot came free for long: the tasks that run may even wait for those claimed ahead, which others can do. */
  #giveUpAhead(): void {
    if (this.#ahead.length === 0) return
    this.#pace.stalled(maxWaitMs)
    this.#inBackground(this.#giveBack())
  }

  async #giveBack(): Promise<void> {
    const tasks = this.#ahead.splice(0).map(({ task }) => task)
    for (const task of tasks) this.#leases.drop(task)
    await this.#release(tasks)
  }

  async #release(tasks: readonly ClaimedTask[]): Promise<void> {
    await Promise.all(tasks.map(task => this.#settler.release(task)))
  }
}

function partition<T>(items: readonly T[], isFirst: (item: T, i: number) => boolean): [T[], T[]] {
  const first: T[] = []
  const others: T[] = []
  for (const [i, item] of items.entries()) (isFirst(item, i) ? first : others).push(item)
  return [first, others]
}
