import type { Db } from '../db/db.ts'
import { type Batch, follow } from '../db/follow.ts'
import { Renewal } from '../util/renewal.ts'
import {
  commitHeld,
  type GroupKey,
  type GroupRequest,
  releaseGroup,
  renewGroup,
  type TakenGroup,
  takeGroup,
} from './consumer-groups.ts'

/** What a subscription works with. */
export interface Source<T> {
  db: Db
  /** Aborted when the handle begins to close. */
  closing: AbortSignal
  /** Where to begin; a group goes on where it got to. */
  start: Promise<number>
  read: (after: number) => Promise<Batch<T>>
  signal: AbortSignal | undefined
}

/** How many events of other types a group passes over before it notes that it did. */
const skipSize = 1000

/** The events of a subscription, in a `for await`; it can be iterated once. */
export class Subscription<T extends { id: number }> implements AsyncIterable<T> {
  readonly #source: Source<T>
  readonly #request: GroupRequest | undefined
  #events: AsyncGenerator<T, void, undefined> | undefined
  #token: number | undefined

  constructor(source: Source<T>, request: GroupRequest | undefined) {
    this.#source = source
    this.#request = request
  }

  /**
   * With a group, the token that this consumer got its events with: higher than that of every consumer before.
   * Undefined until the first event. What {@link Events.commit} takes it for says how to use it.
   */
  get token(): number | undefined {
    return this.#token
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    this.#events ??= this.#request === undefined ? this.#all() : this.#consume(this.#request)
    return this.#events
  }

  async *#all(): AsyncGenerator<T, void, undefined> {
    const { db, start, read, signal } = this.#source
    yield* follow(db, read, { start: await start, signal })
  }

  async *#consume(request: GroupRequest): AsyncGenerator<T, void, undefined> {
    const lease = await this.#takeOver(request)
    if (lease === undefined) return
    this.#token = lease.token
    try {
      // A lease that lapsed unnoticed, for the process was stopped, is still ours unless another consumer has taken it.
      do yield* this.#deliver(lease)
      while (!this.#source.signal?.aborted && (await lease.regain()))
    } finally {
      await lease.release()
    }
  }

  /** Resolves when the group's events are given to us; with undefined when `signal` aborts before. */
  async #takeOver(request: GroupRequest): Promise<GroupLease | undefined> {
    const { db, signal } = this.#source
    const start = await this.#source.start
    let got: GroupLease | undefined
    const attempt = async (): Promise<Batch<GroupLease>> => {
      const taken = await takeGroup(db, request, start)
      const idle = { items: [], cursor: 0, more: false }
      if ('remainingMs' in taken) return { ...idle, withinMs: taken.remainingMs }
      got = new GroupLease(this.#source, request, taken)
      return { ...idle, items: [got] }
    }
    for await (const lease of follow(db, attempt, { signal })) return lease
    // The signal may have aborted just while the group was given to us.
    await got?.release()
    return undefined
  }

  /** Yields events until the lease is lost or `signal` aborts. One is handled when the next is asked for. */
  async *#deliver(lease: GroupLease): AsyncGenerator<T, void, undefined> {
    const { db, signal } = this.#source
    const read = async (after: number): Promise<Batch<T>> => {
      const batch = await this.#source.read(after)
      // A group whose types are rare moves on too: else it would fall behind the floor with nothing to handle.
      if (batch.items.length === 0 && batch.cursor - lease.position >= skipSize)
        await lease.commit(batch.cursor)
      return batch
    }
    const ending = signal === undefined ? lease.lost : AbortSignal.any([signal, lease.lost])
    for await (const event of follow(db, read, { start: lease.position, signal: ending })) {
      yield event
      await lease.commit(event.id)
    }
  }
}

/** A group's events in the hands of one consumer, renewed in the background until it is released. */
class GroupLease implements GroupKey {
  readonly group: string
  readonly token: number
  /** The last event that this consumer has handled. */
  position: number
  readonly #db: Db
  readonly #closing: AbortSignal
  readonly #leaseMs: number
  #renewal: Renewal
  #released: Promise<void> | undefined

  constructor({ db, closing }: { db: Db; closing: AbortSignal }, request: GroupRequest, taken: TakenGroup) {
    this.group = request.group
    this.token = taken.token
    this.position = taken.position
    this.#db = db
    this.#closing = closing
    this.#leaseMs = request.leaseMs
    this.#renewal = this.#keep()
    closing.addEventListener('abort', this.#leave)
  }

  /** Aborted when the lease was lost, or could not be renewed in time. */
  get lost(): AbortSignal {
    return this.#renewal.signal
  }

  /** @throws Conflict `stale_token` when another consumer has taken over */
  async commit(id: number): Promise<void> {
    await commitHeld(this.#db, this, id)
    this.position = id
  }

  /**
   * Takes up the lease again when no other consumer has taken over; false when it was not lost.
   * @throws Conflict `stale_token` when one has
   */
  async regain(): Promise<boolean> {
    if (!this.lost.aborted) return false
    await renewGroup(this.#db, this, this.#leaseMs)
    this.#renewal = this.#keep()
    return true
  }

  /** Lets the next consumer begin at once. */
  release(): Promise<void> {
    this.#released ??= this.#end()
    return this.#released
  }

  async #end(): Promise<void> {
    this.#closing.removeEventListener('abort', this.#leave)
    // Handed to the store before anything is awaited: at the next turn the handle may be closed.
    const released = releaseGroup(this.#db, this)
    await Promise.all([released, this.#renewal.stop()])
  }

  /** An iterator gets the error of a release that failed; without one the lease lapses by itself. */
  readonly #leave = (): void => {
    this.release().catch(() => {})
  }

  #keep(): Renewal {
    return new Renewal(() => renewGroup(this.#db, this, this.#leaseMs), this.#leaseMs)
  }
}
