import { Conflict, Deadline } from '../errors.ts'
import type { ClaimKey } from './outcome.ts'
import type { ClaimedTask } from './task.ts'
import type { Tasks } from './tasks.ts'

/** Between two looks at whether a claim was cancelled, in milliseconds. */
const lookEveryMs = 250

interface Held extends ClaimKey {
  readonly lost: AbortController
  /** Until when nobody else can have the task, by this process's own clock. */
  trustedUntil: number
}

/**
 * Keeps the leases of the tasks that a worker has: one heartbeat statement for all, a third of a lease after the
 * last one. A lease is trusted for nine tenths of its length from when it was asked for; then its task is given up,
 * so that whoever takes it over does not meet a worker that has not noticed (T5).
 */
export class Leases {
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
    this.#held.set(id, held)
    this.#schedule()
    return held.lost.signal
  }

  /** Stops keeping a lease: its task has been settled, or soon will be. */
  drop(id: string): void {
    this.#held.delete(id)
    if (this.#held.size === 0) this.stop()
  }

  /** Gives up all tasks: their signals abort. */
  abort(reason: unknown): void {
    for (const held of this.#held.values()) held.lost.abort(reason)
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
    const askedAt = performance.now()
    try {
      const { held, stale } = await this.#tasks.heartbeatMany(this.#keys(), { leaseMs: this.#leaseMs })
      this.#lastError = undefined
      for (const id of held) this.#trust(id, askedAt + this.#trustMs)
      for (const { id, status } of stale) this.#lose(id, staleReason(id, status))
    } catch (error) {
      // The next beat tries again; should none come through, the guard says so in time.
      this.#lastError = error
    }
  }

  /** A cancelled task should not have to wait for the next heartbeat, which may be long away. */
  async #notice(): Promise<void> {
    const keys = this.#keys()
    try {
      const stale = await this.#tasks.stale(keys)
      for (const { id, status } of stale) this.#lose(id, staleReason(id, status))
    } catch (error) {
      this.#lastError = error
    }
  }

  #keys(): ClaimKey[] {
    return Array.from(this.#held.values(), ({ id, token }) => ({ id, token }))
  }

  #trust(id: string, until: number): void {
    const held = this.#held.get(id)
    if (held !== undefined) held.trustedUntil = until
  }

  #guardNext(): void {
    const untils = Array.from(this.#held.values(), held => held.trustedUntil)
    if (untils.length === 0) return
    const waitMs = Math.max(0, Math.min(...untils) - performance.now())
    this.#guard = setTimeout(() => this.#giveUpLate(), waitMs).unref()
  }

  #giveUpLate(): void {
    const now = performance.now()
    for (const { id, trustedUntil } of this.#held.values())
      if (trustedUntil <= now) this.#lose(id, this.#lastError ?? lateReason(this.#leaseMs))
    this.#guard = undefined
    this.#guardNext()
  }

  #lose(id: string, reason: unknown): void {
    const held = this.#held.get(id)
    this.#held.delete(id)
    held?.lost.abort(reason)
  }
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
