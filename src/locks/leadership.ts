import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { appendEvents } from '../db/outbox.ts'
import { Closed } from '../errors.ts'
import { Renewal } from '../util/renewal.ts'
import { freeLock, type LockRequest, renewLock, takeLock } from './lock-rows.ts'
import type { HeldLock, LockKey } from './locks.ts'

export interface CampaignOptions {
  /** Who wants to lead. Default: the handle's agent, else an id of this process. */
  candidate?: string | undefined
  /** How long a leader that does not renew its lease is trusted: 1 ms to a day, default 30,000 ms. */
  leaseMs?: number | undefined
  /** How long others must wait besides, when the leader's lease lapses without its resigning. Default 0. */
  delayMs?: number | undefined
  /** Ends the campaign: it then rejects with the signal's reason. It does not end a leadership won before. */
  signal?: AbortSignal | undefined
}

export interface ObserveOptions {
  /** Ends the observation, without an error. */
  signal?: AbortSignal | undefined
}

/** Who leads. */
export interface Leader {
  name: string
  leader: string
  /** Higher for every later leader. It is the fencing token of the lock of this name. */
  term: number
  since: Date
  /** How long the leader still is trusted, unless it renews its lease. */
  remainingMs: number
}

/** An election won: it leads until it resigns, or does not renew its lease in time. */
export interface Leadership extends AsyncDisposable {
  readonly name: string
  readonly leader: string
  /** Higher for every later leader. `{ name, token: term }` is what `locks.assert` and guarded writes take. */
  readonly term: number
  /** Aborted when the leadership has ended: lost, not renewed in time (its reason says why), or resigned. */
  readonly signal: AbortSignal
  /**
   * Lets others lead at once, as closing the memory does. Does nothing when this term has ended already,
   * and another leads since.
   */
  resign(): Promise<void>
}

/**
 * Becomes the leader when there is none, and logs the event `leader.elected` with it.
 * @returns the term, or undefined when there is a leader
 */
export function elect(db: Db, name: string, request: LockRequest): Promise<number | undefined> {
  return db.transaction(async tx => {
    const term = await takeLock(tx, name, request)
    if (term !== undefined)
      await appendLeaderEvent(tx, 'leader.elected', { name, leader: request.owner, term })
    return term
  })
}

/** A term in office, renewed in the background until it ends. */
export class Term implements Leadership {
  readonly name: string
  readonly leader: string
  readonly term: number
  readonly #db: Db
  readonly #renewal: Renewal
  readonly #ended = new AbortController()

  /** Should it fail, the lease lapses by itself. */
  readonly #leave = (): void => {
    this.resign().catch(() => {})
  }

  /** Starts with a lease that was given just now. */
  constructor({ db, closing }: Context, key: LockKey, { owner, leaseMs }: LockRequest) {
    this.name = key.name
    this.leader = owner
    this.term = key.token
    this.#db = db
    this.#renewal = new Renewal(() => renewLock(db, key, leaseMs), leaseMs)
    const { signal } = this.#renewal
    signal.addEventListener('abort', () => this.#ended.abort(signal.reason), { once: true })
    closing.addEventListener('abort', this.#leave)
    this.signal.addEventListener('abort', () => closing.removeEventListener('abort', this.#leave))
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  async resign(): Promise<void> {
    const { name, leader, term } = this
    this.#ended.abort(
      new Closed(`${JSON.stringify(leader)} has resigned as leader of ${JSON.stringify(name)}`),
    )
    // Handed to the store before anything is awaited: at the next turn the handle may be closed.
    const freed = this.#db.transaction(async tx => {
      if (await freeLock(tx, { name, token: term })) {
        await appendLeaderEvent(tx, 'leader.resigned', { name, leader, term })
      }
    })
    await Promise.all([freed, this.#renewal.stop()])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.resign()
  }
}

export function asLeader({ name, owner, token, acquiredAt, remainingMs }: HeldLock): Leader {
  return { name, leader: owner, term: token, since: acquiredAt, remainingMs }
}

async function appendLeaderEvent(
  tx: Db,
  type: 'leader.elected' | 'leader.resigned',
  data: { name: string; leader: string; term: number },
): Promise<void> {
  await appendEvents(tx, [{ type, source: data.leader, data }])
}
