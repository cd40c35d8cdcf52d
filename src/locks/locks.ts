import type { Context } from '../context.ts'
import { type Batch, follow } from '../db/follow.ts'
import { holdsLock } from '../db/held-lock.ts'
import { checkLeaseMs, defaultLeaseMs, indexedLease, isLeased, leaseEnd } from '../db/lease.ts'
import { oneLocked } from '../db/locked-records.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, InvalidInput } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { Renewal } from '../util/renewal.ts'
import {
  asLeader,
  type CampaignOptions,
  elect,
  type Leader,
  type Leadership,
  type ObserveOptions,
  Term,
} from './leadership.ts'
import {
  checkKey,
  columns,
  freeLock,
  fromRow,
  type LockRequest,
  type LockRow,
  renewLock,
  stale,
  takeLock,
  untilFree,
} from './lock-rows.ts'
import { checkLocks } from './option-names.ts'

/** A lock in the hands of its holder. */
export interface Lock {
  name: string
  owner: string
  /**
   * The fencing token: higher for every later holder, so that the guard of a resource can refuse a former one.
   * See {@link Locks.check}.
   */
  token: number
  /** How long the lock is held unless it is renewed, in milliseconds from the call. */
  leaseMs: number
  /** When that is, by the clock of the machine that made the call. */
  leaseUntil: Date
}

/** A lock as every caller sees it. */
export interface HeldLock {
  name: string
  owner: string
  token: number
  acquiredAt: Date
  /** How long the holder still has it, unless it renews the lease. */
  remainingMs: number
}

/** A lock by name, as its holder proves to have it. */
export interface LockKey {
  name: string
  token: number
}

export interface AcquireOptions {
  /** Who wants it. Default: the handle's agent, else an id of this process. */
  owner?: string | undefined
  /** How long it is held unless it is renewed: 1 ms to a day, default 30,000 ms. */
  leaseMs?: number | undefined
  /** How long to wait while another one holds it, up to 24 days. Default 0. It takes no turns: it is not fair. */
  waitMs?: number | undefined
  /**
   * How long others must wait when the lease lapses without a release, besides: for resources that cannot tell
   * the token of a holder that came to a halt and wakes up late. Default 0.
   */
  delayMs?: number | undefined
}

/** The longest that a timer of JavaScript can wait, 24 days. */
const maxWaitMs = 2 ** 31 - 1

const maxDelayMs = 86_400_000

let processId: string | undefined

/** Stands for this process where the handle has no agent. Made on first use, since randomness is slow to load. */
function thisProcess(): string {
  processId ??= uuidv7(Date.now())
  return processId
}

/** Locks with leases: one holder at a time, for as long as it renews its lease, with a rising fencing token. */
export class Locks {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Takes a lock that is free. It is when it was never held, when it was released, or when its lease has lapsed.
   * Not reentrant: its own holder has to wait like all others.
   * @throws Conflict with the `owner` and its `remainingMs`, when it is not free within `waitMs`
   */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    checkLocks.acquire(options)
    checkName('name', name)
    const request = this.#request(options.owner, options)
    const waitMs = checkInteger('waitMs', options.waitMs ?? 0, 0, maxWaitMs)
    if (options.owner !== undefined) await this.#context.heartbeat(this.#context.db, request.owner)
    let late: AbortSignal | undefined
    for (;;) {
      const token = await takeLock(this.#context.db, name, request)
      if (token !== undefined) return this.#held({ name, token }, request.owner, request.leaseMs)
      if (await this.#context.crossDomain.releaseLapsed(this.#context)) continue
      late ??= waitMs === 0 ? AbortSignal.abort() : AbortSignal.timeout(waitMs)
      const holder = await untilFree(this.#context, name, late)
      if (holder !== undefined) throw taken(holder)
    }
  }

  /**
   * Holds on to a lock for `leaseMs` (default 30,000) from now.
   * @throws Conflict `stale_token` when it was released, or another holder has it since
   */
  async renew(lock: LockKey & { leaseMs?: number | undefined }): Promise<Lock> {
    checkLocks.renew(lock)
    const { name, token, leaseMs = defaultLeaseMs } = lock
    const key = checkKey({ name, token })
    return this.#held(key, await renewLock(this.#context.db, key, checkLeaseMs(leaseMs)), leaseMs)
  }

  /**
   * Gives a lock back. False when its holder had released it before.
   * @throws Conflict `stale_token` when another holder has had it since
   */
  async release(lock: LockKey): Promise<boolean> {
    checkLocks.release(lock)
    const key = checkKey(lock)
    if (await freeLock(this.#context.db, key)) return true
    const rows = await this.#context.db.all(
      sql`select token from hivewax_locks where name = ${key.name} and token <> ${key.token}`,
    )
    if (rows.length > 0) throw stale(key)
    return false
  }

  /**
   * True when this token's holder has the lock at this moment. Inside a transaction it stays so until the end:
   * `memory.transaction(async tx => { if (await tx.locks.check(lock)) … })` writes only while the lock is held.
   */
  async check(lock: LockKey): Promise<boolean> {
    checkLocks.check(lock)
    return holdsLock(this.#context.db, checkKey(lock))
  }

  /**
   * The first line of a guarded transaction: does nothing while this token's holder has the lock, and no other one
   * can take it before the transaction ends. `{ name, token: term }` of a leadership is a lock as well.
   * @throws Conflict `stale_token` when the lock was released or has lapsed
   */
  async assert(lock: LockKey): Promise<void> {
    checkLocks.assert(lock)
    if (!(await this.check(lock))) throw stale(lock)
  }

  /** A lock that is held, or undefined when it is free. */
  async get(name: string): Promise<HeldLock | undefined> {
    const row = await oneLocked<LockRow>(
      this.#context.db,
      { table: 'hivewax_locks', key: checkName('name', name) },
      sql`select ${this.#columns()} from hivewax_locks
          where name = ${name} and ${isLeased(this.#context.db.dialect)}`,
    )
    return row && fromRow(row)
  }

  /** The locks that are held, by name. */
  async list(options: PageOptions = {}): Promise<Page<HeldLock>> {
    checkLocks.list(options)
    await this.#context.crossDomain.releaseLost(this.#context)
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 1)?.[0] ?? ''
    // Found by their leases, for they are few among all that were ever held: not by the name, an expression of which it is.
    const name = sql`name || ''`
    const isHeld = isLeased(this.#context.db.dialect, indexedLease)
    const rows = await this.#context.db.all<LockRow>(
      sql`select ${this.#columns()} from hivewax_locks
          where owner is not null and ${isHeld} and ${name} > ${after}
          order by ${name} limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.name] })
  }

  /**
   * Runs `fn` while holding a lock, renewing it in the background, and releases it whatever happens. `signal` is
   * aborted when the lock could not be renewed in time, or was lost: `fn` should then stop. Not for use inside a
   * transaction, which would hide the lock from all others.
   * @throws what `fn` throws; else Conflict `stale_token` when the lock passed to another before `fn` had ended
   */
  async withLock<T>(
    name: string,
    fn: (held: Lock & { signal: AbortSignal }) => T | Promise<T>,
    options: AcquireOptions = {},
  ): Promise<T> {
    checkLocks.withLock(options)
    const lock = await this.acquire(name, options)
    const renewal = new Renewal(() => this.renew(lock), lock.leaseMs)
    const [outcome] = await Promise.allSettled([(async () => fn({ ...lock, signal: renewal.signal }))()])
    await renewal.stop()
    const [released] = await Promise.allSettled([this.release(lock)])
    if (outcome.status === 'rejected') throw outcome.reason
    if (released.status === 'rejected') throw released.reason
    return outcome.value
  }

  /**
   * Waits until there is no leader, for as long as that takes, and resolves as the leader: the holder of the lock of
   * this name, renewed in the background. Several may campaign, and take no turns. Logs `leader.elected` and
   * `leader.resigned`, each in one transaction with its change. Not for use inside a transaction.
   */
  async campaign(name: string, options: CampaignOptions = {}): Promise<Leadership> {
    checkLocks.campaign(options)
    checkName('name', name)
    const { db, transactionId } = this.#context
    const { candidate, signal } = options
    const request = this.#request(candidate, options)
    if (transactionId !== undefined) throw inTransaction()
    for (;;) {
      signal?.throwIfAborted()
      const term = await elect(db, name, request)
      if (term === undefined) await untilFree(this.#context, name, signal)
      else {
        const leadership = new Term(this.#context, { name, token: term }, request)
        if (!signal?.aborted) return leadership
        // A candidate that gave up meanwhile would not know that it leads.
        await leadership.resign()
      }
    }
  }

  /** Who leads, or undefined when there is no leader. */
  async leader(name: string): Promise<Leader | undefined> {
    const held = await this.get(name)
    return held && asLeader(held)
  }

  /**
   * The leaders as they change, the present one first, undefined for none, until `signal` aborts. Shows what is:
   * of several changes within a moment only the last may be seen. The event log has each of them.
   */
  observe(name: string, options: ObserveOptions = {}): AsyncIterable<Leader | undefined> {
    checkLocks.observe(options)
    const { signal } = options
    checkName('name', name)
    let last: number | undefined
    const look = async (looks: number): Promise<Batch<Leader | undefined>> => {
      const leader = await this.leader(name)
      const isNew = looks === 0 || leader?.term !== last
      last = leader?.term
      const seen = { items: isNew ? [leader] : [], cursor: looks + 1, more: false }
      return leader === undefined ? seen : { ...seen, withinMs: leader.remainingMs }
    }
    return follow(this.#context.db, look, { signal })
  }

  #request(owner: string | undefined, options: Pick<AcquireOptions, 'leaseMs' | 'delayMs'>): LockRequest {
    return {
      owner: checkName('owner', owner ?? this.#context.agentId ?? thisProcess()),
      leaseMs: checkLeaseMs(options.leaseMs ?? defaultLeaseMs),
      delayMs: checkInteger('delayMs', options.delayMs ?? 0, 0, maxDelayMs),
    }
  }

  #held({ name, token }: LockKey, owner: string, leaseMs: number): Lock {
    return { name, owner, token, leaseMs, leaseUntil: leaseEnd(this.#context.clock, leaseMs) }
  }

  #columns(): Sql {
    return sql`${columns}, lease_until - ${this.#context.db.dialect.leaseNow()} as remaining_ms`
  }
}

function inTransaction(): InvalidInput {
  return new InvalidInput(
    'a campaign cannot be inside a transaction: nobody else would see it won',
    { hint: 'Campaign first, then use locks.assert inside the transaction.' },
    'transaction_misuse',
  )
}

function taken({ name, owner, token, remainingMs }: HeldLock): Conflict {
  return new Conflict(
    `lock ${JSON.stringify(name)} is held by ${JSON.stringify(owner)} for another ${remainingMs} ms at most`,
    { hint: 'Try again later, or wait for it with waitMs.', details: { name, owner, token, remainingMs } },
  )
}
