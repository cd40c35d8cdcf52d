import { Conflict, Deadline, isStoreGone } from '../errors.ts'
import { chunks } from '../util/chunks.ts'
import type { ClaimKey, StaleClaim } from './outcome.ts'
import type { ClaimedTask } from './task.ts'
import type { Tasks } from './tasks.ts'

/** Between two looks at whether a claim was cancelled, in milliseconds. */
const lookEveryMs = 250

/** Claims that one call takes. */
const maxClaims = 1_000

interface Held extends ClaimKey {
  readonly lost: AbortController
  /** Until when no other worker can have the task, by this process's own clock. */
  trustedUntil: number
}

/**
 * Keeps the leases of the tasks that a worker has: one heartbeat statement for a thousand, a third of a lease after the
 * last one. A lease is trusted for nine tenths of its length from when it was asked for; then its task is given up,
 * so that the worker that takes it over does not meet one that has not noticed.
 */
export class WorkerLeases {
  readonly #tasks: Tasks
  readonly #leaseMs: number
  readonly #held = new Map<string, Held>()
  #beat: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #guard: NodeJS.Timeout | undefined
  #lastError: unknown

  constructor(tasks: Tasks, leaseMs: number) {
    this.#tasks = tasks
    this.#leaseMs = leaseMs
  }

  /**
   * Keeps the lease of a task that was claimed just now.
   * @param claimedAt when the claim was asked for, on the clock of `performance`
   * @returns a signal that aborts when the task was cancelled, or is no longer surely ours
   */
  hold({ id, token }: ClaimedTask, claimedAt: number): AbortSignal {
    const held = { id, token, lost: new AbortController(), trustedUntil: claimedAt + this.#trustMs }
    const former = this.#held.get(id)
    if (former !== undefined) this.#lose(former, staleReason(id, 'running'))
    this.#held.set(id, held)
    this.#schedule()
    return held.lost.signal
  }

  /** Stops keeping a lease: its task has been settled, or soon will be. */
  drop({ id, token }: ClaimKey): void {
    if (this.#held.get(id)?.token === token) this.#held.delete(id)
    if (this.#held.size === 0) this.stop()
  }

  /** Gives up all tasks: their signals abort. */
  abort(reason: unknown): void {
    for (const held of this.#held.values()) held.lost.abort(reason)
  }

  /** Gives up the tasks whose leases are no longer trusted, without waiting for the timer's turn. */
  giveUpLate(): void {
    const now = performance.now()
    for (const held of this.#held.values())
      if (held.trustedUntil <= now) this.#lose(held, this.#lastError ?? lateReason(this.#leaseMs))
  }

  stop(): void {
    clearInterval(this.#beat)
    clearInterval(this.#look)
    clearTimeout(this.#guard)
    this.#beat = this.#look = this.#guard = undefined
  }

  get #trustMs(): number {
    return 0.9 * this.#leaseMs
  }

  #schedule(): void {
    this.#beat ??= setInterval(() => this.#renew(), this.#leaseMs / 3).unref()
    this.#look ??= setInterval(() => this.#notice(), lookEveryMs).unref()
    if (this.#guard === undefined) this.#guardNext()
  }

  async #renew(): Promise<void> {
    await this.#forAll(async part => {
      const askedAt = performance.now()
      const { held, stale } = await this.#tasks.heartbeatMany(part.map(keyOf), { leaseMs: this.#leaseMs })
      this.#lastError = undefined
      const renewed = new Set(held)
      for (const one of part) if (renewed.has(one.id)) one.trustedUntil = askedAt + this.#trustMs
      return stale
    })
  }

  /** A cancelled task should not have to wait for the next heartbeat, which may be long away. */
  #notice(): Promise<void> {
    return this.#forAll(part => this.#tasks.stale(part.map(keyOf)))
  }

  /** Gives up those of the tasks that turn out to be stale. */
  async #forAll(ask: (part: readonly Held[]) => Promise<StaleClaim[]>): Promise<void> {
    for (const part of chunks([...this.#held.values()], maxClaims)) {
      try {
        const stale = new Map((await ask(part)).map(({ id, status }) => [id, status]))
        for (const held of part)
          if (stale.has(held.id)) this.#lose(held, staleReason(held.id, stale.get(held.id)))
      } catch (error) {
        // The next beat tries again; should none come through, the guard says so in time.
        this.#lastError = error
        // In a store that takes its place nobody has claimed anything.
        if (isStoreGone(error)) for (const held of part) this.#lose(held, error)
      }
    }
  }

  #guardNext(): void {
    const untils = Array.from(this.#held.values(), held => held.trustedUntil)
    this.#guard = undefined
    if (untils.length === 0) return
    const waitMs = Math.max(0, Math.min(...untils) - performance.now())
    this.#guard = setTimeout(() => {
      this.giveUpLate()
      this.#guardNext()
    }, waitMs).unref()
  }

  #lose(held: Held, reason: unknown): void {
    this.drop(held)
    held.lost.abort(reason)
  }
}

function keyOf({ id, token }: ClaimKey): ClaimKey {
  return { id, token }
}

function staleReason(id: string, status: string | undefined): Conflict {
  const what = status === 'running' ? 'somebody else has it' : `it is ${status ?? 'gone'}`
  return new Conflict(
    `the claim of task ${JSON.stringify(id)} has ended: ${what}`,
    { details: { id, status } },
    'stale_token',
  )
}

function lateReason(leaseMs: number): Deadline {
  return new Deadline(
    `a lease of ${leaseMs} ms was not renewed in time: the process was too busy, or stopped`,
  )
}
