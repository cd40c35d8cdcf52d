import { Busy } from '../../errors.ts'
import { outsideAsyncContext } from '../../util/outside-async-context.ts'
import { type Backoff, Poller, pauseMs } from '../../util/poller.ts'
import type { Commits } from '../db.ts'
import type { Statement } from '../sql.ts'
import { Listener, type Wire } from './listener.ts'

/**
 * The shortest time between two notifications of a process, in milliseconds. The server commits one transaction
 * that notifies after the other, database-wide, and so they stay out of the transactions that write.
 */
const notifyMs = 10

/** The shortest time between two wake-ups, in milliseconds: each makes all waiters ask the server. */
const wakeMs = 10

/** How long to be silent after the server refused a notification, in milliseconds. */
const silentMs = 60_000

/** Where no word comes, those who wait look themselves. */
const backoff: Backoff = { minMs: 25, maxMs: 1_000, looksPerQuiet: 20 }

/** True for a statement whose commit a waiter may wait for. */
export function isFollowed({ reads, touchesMemory }: Statement): boolean {
  return !reads && !touchesMemory
}

/**
 * The commits that a store knows of: its own at once, those of other processes by notifications, which carry
 * nothing, and where the server has none by looking after a while.
 */
export class PostgresCommits implements Commits {
  readonly #listener: Listener
  readonly #waiting = new Map<() => void, number>()
  #count = 0
  #wokenAt = Number.NEGATIVE_INFINITY
  #waking: NodeJS.Timeout | undefined
  readonly #poller = new Poller(() => void this.#rise())
  #notifying: NodeJS.Timeout | undefined
  #notifyAt = 0
  #silentUntil = 0
  #running: Promise<void> = Promise.resolve()

  /** @param channel an SQL identifier that all processes with this store, and no others, use */
  constructor(wire: Wire, channel: string) {
    this.#listener = new Listener(wire, channel, () => this.#rise())
  }

  get count(): number {
    return this.#count
  }

  /** True while commits of others are heard of, false as long as those who wait must look. */
  get hears(): boolean {
    return this.#listener.hears
  }

  wait(wake: () => void, activeAt: number = performance.now()): () => void {
    this.#waiting.set(wake, activeAt)
    this.#listener.start()
    if (!this.#listener.hears) this.#poller.within(pauseMs(backoff, activeAt))
    return () => {
      if (this.#waiting.delete(wake) && this.#waiting.size === 0) this.#poller.stop()
    }
  }

  /** Counts a commit of this process, and notifies the other processes soon. */
  add(): void {
    this.#rise()
    if (this.#notifying !== undefined) return
    const waitMs = Math.max(0, this.#notifyAt - performance.now())
    this.#notifying = outsideAsyncContext(() => setTimeout(() => this.#notify(), waitMs))
  }

  /** Notifies the other processes of what is still to be sent, and stops listening. */
  async close(): Promise<void> {
    if (this.#notifying !== undefined) {
      clearTimeout(this.#notifying)
      this.#notify()
    }
    await this.#running
    await this.#listener.close()
    this.#poller.stop()
    clearTimeout(this.#waking)
  }

  /** Counts at once what comes after a quiet moment, and together what comes in a burst. */
  #rise(): void {
    const waitMs = this.#wokenAt + wakeMs - performance.now()
    if (waitMs <= 0) this.#wake()
    else this.#waking ??= outsideAsyncContext(() => setTimeout(() => this.#wake(), waitMs).unref())
  }

  #wake(): void {
    clearTimeout(this.#waking)
    this.#waking = undefined
    this.#wokenAt = performance.now()
    this.#count++
    this.#poller.stop()
    const woken = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }

  #notify(): void {
    this.#notifying = undefined
    const nowMs = performance.now()
    if (nowMs < this.#silentUntil) return
    this.#notifyAt = nowMs + notifyMs
    // A hint that is lost costs those who wait a look; a server that has none is not asked again and again.
    const refused = (error: unknown) => {
      if (!(error instanceof Busy)) this.#silentUntil = performance.now() + silentMs
    }
    this.#running = this.#running.then(() => this.#listener.notify()).catch(refused)
  }
}
