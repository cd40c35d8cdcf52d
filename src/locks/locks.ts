import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { checkLeaseMs, isLeased, leaseFor } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { Renewal } from './renewal.ts'

/** A lock in the hands of its holder. */
export interface Lock {
  name: string
  owner: string
  /**
   * The fencing token: higher for every later holder, so that whoever guards a resource can refuse a former one.
   * See {@link Locks.check}.
   */
  token: number
  /** How long the lock is held unless it is renewed, in milliseconds from the call. */
  leaseMs: number
}

/** A lock as anybody sees it. */
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
  /** How long to wait for it while somebody else holds it. Default 0. Waiting takes no turns: it is not fair. */
  waitMs?: number | undefined
  /**
   * How long others must wait when the lease lapses without a release, besides: for resources that cannot tell
   * the token of a holder that came to a halt and wakes up late. Default 0.
   */
  delayMs?: number | undefined
}

interface LockRow {
  name: string
  owner: string | null
  token: number
  acquired_at: string
  remaining_ms: number
}

/** Between two looks at a lock that is held, in milliseconds: doubled each time, with jitter. */
const minPollMs = 4
const maxPollMs = 128

const maxDelayMs = 86_400_000

let processId: string | undefined

/** Stands for this process where the handle has no agent. Made on first use, since randomness is slow to load. */
function thisProcess(): string {
  processId ??= uuidv7(Date.now())
  return processId
}

/** Locks with leases: one holder at a time, for as long as it gives signs of life, with a rising fencing token. */
export class Locks {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Takes a lock that is free. It is when nobody ever held it, when it was released, or when its lease has lapsed.
   * Not reentrant: its own holder has to wait like everybody else.
   * @throws Conflict with the `owner` and its `remainingMs`, when it is not free within `waitMs`
   */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    checkName('name', name)
    const wish = {
      owner: checkName('owner', options.owner ?? this.#context.agentId ?? thisProcess()),
      leaseMs: checkLeaseMs(options.leaseMs),
      delayMs: checkInteger('delayMs', options.delayMs ?? 0, 0, maxDelayMs),
    }
    const deadline = performance.now() + checkInteger('waitMs', options.waitMs ?? 0, 0)
    for (;;) {
      const token = await this.#take(name, wish)
      if (token !== undefined) return { name, owner: wish.owner, token, leaseMs: wish.leaseMs }
      await this.#waitUntilFree(name, deadline)
    }
  }
  /**
   * Holds on to a lock for `leaseMs` (default 30,000) from now.
   * @throws Conflict `stale_token` when it was released, or somebody else has it since
   */
  async renew({ name, token, leaseMs }: LockKey & { leaseMs?: number | undefined }): Promise<Lock> {
    const key = checkKey({ name, token })
    const lease = checkLeaseMs(leaseMs)
    const [row] = await this.#context.db.all<{ owner: string }>(
      sql`update hivewax_locks set ${leaseFor(this.#context.db.dialect, lease)}
          where ${isHeldBy(key)} returning owner`,
    )
    if (row === undefined) throw stale(key)
    return { ...key, owner: row.owner, leaseMs: lease }
  }

  /**
   * Gives a lock back. False when its holder had released it before.
   * @throws Conflict `stale_token` when somebody else has had it since
   */
  async release(lock: LockKey): Promise<boolean> {
    const key = checkKey(lock)
    const released = await this.#context.db.all(
      sql`update hivewax_locks set owner = null, lease_until = null, lease_epoch = null
          where ${isHeldBy(key)} returning token`,
    )
    if (released.length > 0) return true
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
    const { dialect } = this.#context.db
    // An update that changes nothing keeps others from taking the lock before the transaction commits.
    const rows = await this.#context.db.all(
      sql`update hivewax_locks set token = token where ${isHeldBy(checkKey(lock))} and ${isLeased(dialect)}
          returning token`,
    )
    return rows.length > 0
  }

  /** A lock that is held, or undefined when it is free. */
  async get(name: string): Promise<HeldLock | undefined> {
    const [row] = await this.#context.db.all<LockRow>(
      sql`select ${this.#columns()} from hivewax_locks
          where name = ${checkName('name', name)} and ${isLeased(this.#context.db.dialect)}`,
    )
    return row && fromRow(row)
  }

  /** The locks that are held, by name. */
  async list(options: PageOptions = {}): Promise<Page<HeldLock>> {
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 1)?.[0] ?? ''
    const rows = await this.#context.db.all<LockRow>(
      sql`select ${this.#columns()} from hivewax_locks
          where name > ${after} and ${isLeased(this.#context.db.dialect)} order by name limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.name])
  }

  /**
   * Runs `fn` while holding a lock, renewing it in the background, and releases it whatever happens. `signal` is
   * aborted when the lock could not be renewed in time, or was lost: `fn` should then stop. Not for use inside a
   * transaction, which would hide the lock from everybody else.
   * @throws what `fn` throws; else Conflict `stale_token` when the lock passed to another before `fn` had ended
   */
  async withLock<T>(
    name: string,
    fn: (held: Lock & { signal: AbortSignal }) => T | Promise<T>,
    options: AcquireOptions = {},
  ): Promise<T> {
    const lock = await this.acquire(name, options)
    const renewal = new Renewal(() => this.renew(lock), lock.leaseMs)
    const [outcome] = await Promise.allSettled([(async () => fn({ ...lock, signal: renewal.signal }))()])
    await renewal.stop()
    const [released] = await Promise.allSettled([this.release(lock)])
    if (outcome.status === 'rejected') throw outcome.reason
    if (released.status === 'rejected') throw released.reason
    return outcome.value
  }

  /** The token of the new holder, or undefined when the lock is not free. */
  async #take(name: string, { owner, leaseMs, delayMs }: Wish): Promise<number | undefined> {
    const { dialect } = this.#context.db
    const [row] = await this.#context.db.all<{ token: number }>(
      sql`insert into hivewax_locks (name, owner, token, lease_until, lease_epoch, delay_ms, acquired_at)
          values (${name}, ${owner}, (select value + 1 from hivewax_counters where name = 'floor'),
                  ${dialect.leaseNow()} + ${leaseMs}, ${dialect.leaseEpoch()}, ${delayMs}, ${dialect.now()})
          on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until,
            lease_epoch = excluded.lease_epoch, delay_ms = excluded.delay_ms, acquired_at = excluded.acquired_at,
            token = case when excluded.token > hivewax_locks.token then excluded.token
                    else hivewax_locks.token + 1 end
          where hivewax_locks.lease_epoch is distinct from ${dialect.leaseEpoch()}
            or hivewax_locks.lease_until + hivewax_locks.delay_ms <= ${dialect.leaseNow()}
          returning token`,
    )
    return row?.token
  }

  /** Looks again and again, with growing pauses, until the lock is free; Conflict when that takes too long. */
  async #waitUntilFree(name: string, deadline: number): Promise<void> {
    for (let pollMs = minPollMs; ; pollMs = Math.min(2 * pollMs, maxPollMs)) {
      const holder = await this.#holder(name)
      if (holder === undefined) return
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw taken(holder)
      await sleep(Math.min(leftMs, pollMs * (0.5 + Math.random() / 2)))
    }
  }

  /** Who keeps the lock from being free, and for how long, the delay after a lapse included. */
  async #holder(name: string): Promise<HeldLock | undefined> {
    const { dialect } = this.#context.db
    const [row] = await this.#context.db.all<LockRow>(
      sql`select name, owner, token, acquired_at, lease_until + delay_ms - ${dialect.leaseNow()} as remaining_ms
          from hivewax_locks where name = ${name} and lease_epoch = ${dialect.leaseEpoch()}
            and lease_until + delay_ms > ${dialect.leaseNow()}`,
    )
    return row && fromRow(row)
  }

  #columns(): Sql {
    return sql`name, owner, token, acquired_at, lease_until - ${this.#context.db.dialect.leaseNow()} as remaining_ms`
  }
}

/** What somebody who wants a lock asked for. */
interface Wish {
  owner: string
  leaseMs: number
  delayMs: number
}

function checkKey({ name, token }: LockKey): LockKey {
  return { name: checkName('name', name), token: checkInteger('token', token, 0) }
}

/** The condition that the lock was not released, and nobody has taken it over, though its lease may have lapsed. */
function isHeldBy({ name, token }: LockKey): Sql {
  return sql`name = ${name} and token = ${token} and lease_epoch is not null`
}

function stale({ name, token }: LockKey): Conflict {
  return new Conflict(
    `token ${token} of lock ${JSON.stringify(name)} is stale: it was released, or somebody else has it since`,
    { hint: 'Stop what the lock protects, and acquire it again.', details: { name, token } },
    'stale_token',
  )
}

function taken({ name, owner, token, remainingMs }: HeldLock): Conflict {
  return new Conflict(
    `lock ${JSON.stringify(name)} is held by ${JSON.stringify(owner)} for another ${remainingMs} ms at most`,
    { hint: 'Try again later, or wait for it with waitMs.', details: { name, owner, token, remainingMs } },
  )
}

function fromRow(row: LockRow): HeldLock {
  return {
    name: row.name,
    owner: row.owner ?? '',
    token: row.token,
    acquiredAt: toDate(row.acquired_at),
    remainingMs: row.remaining_ms,
  }
}
