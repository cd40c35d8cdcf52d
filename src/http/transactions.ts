import { restrictedCaller } from '../access/grant.ts'
import { Closed, Deadline, InvalidInput, isStoreGone, NotFound } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Transaction } from '../transaction.ts'
import { checkInteger } from '../util/check.ts'
import { FairSlots } from '../util/fair-slots.ts'
import { uuidv7 } from '../util/ids.ts'
import type { Caller } from './authenticator.ts'
import type { Door, Visit } from './door.ts'

/** A transaction that its caller has forgotten ends after so long, in milliseconds, unless it said otherwise. */
const defaultTimeoutMs = 10_000

/**
 * How long a transaction may be open at most, in milliseconds: other processes on the file of SQLite wait for it, and do
 * so for 5,000. The owner knows what it does.
 */
const maxTimeoutMs = { owner: 60_000, guest: 4_000 }

/** Once others have waited so long for a transaction, in milliseconds, it is rolled back, whoever has it open. */
const yieldsAfterMs = 1_000

/** A guest whose transaction was open for longer, in milliseconds, has its next one no sooner than after as long again. */
const shortMs = 100

/**
 * How many transactions may be open at a time; the others of a caller wait here, and not where all wait who write. They
 * never take up all connections to PostgreSQL.
 */
const slots = {
  owners: () => new FairSlots({ all: 4, each: 4 }),
  guests: () => new FairSlots({ all: 4, each: 1 }),
}

/** Why a transaction is rolled back that its caller gave up. */
class RolledBack extends Error {}

interface OpenTransaction {
  /** The caller that began it; to all others it does not exist. */
  readonly owner: string
  readonly tx: Transaction
  /** The transaction that it is a savepoint of. */
  readonly within: string | undefined
  /** Lets its callback return, or throw. */
  readonly end: (how: 'commit' | 'rollback') => void
  /** Settles when it is committed or rolled back. */
  readonly ended: Promise<void>
  readonly visit: Visit
}

export interface BeginOptions {
  /** The open transaction to make a savepoint in. */
  readonly within?: string | undefined
  /**
   * How long it may be open. Default 10,000, at most 60,000, and for who is no owner 4,000 both. A savepoint ends with its
   * transaction.
   */
  readonly timeoutMs?: number | undefined
  /** Aborts when the caller waits no longer: a transaction that begins then would never be ended. */
  readonly signal: AbortSignal
}

/** Transactions that callers have open from one request to another, and savepoints within them. */
export class Transactions {
  readonly #door: Door
  readonly #open = new Map<string, OpenTransaction>()
  /** Those that were ended without their callers, until these have heard of it: whose they were, and why. */
  readonly #gone = new Map<string, { owner: string; error: unknown }>()
  readonly #slots = { owners: slots.owners(), guests: slots.guests() }
  #isClosing = false

  constructor(door: Door) {
    this.#door = door
  }

  /** Opens a transaction, or a savepoint of the one that is named, and returns its id. */
  async begin(memory: Memory, caller: Caller, { within, timeoutMs, signal }: BeginOptions): Promise<string> {
    const maxMs = maxTimeoutMs[isOwner(caller) ? 'owner' : 'guest']
    const limitMs = checkInteger('timeoutMs', timeoutMs ?? Math.min(defaultTimeoutMs, maxMs), 1, maxMs)
    const owner = caller.id
    const visit = this.#door.enter(caller, 'transactions')
    const id = uuidv7(Date.now())
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const abandon = () => visit.end(signal.reason)
    signal.addEventListener('abort', abandon, { once: true })
    const hold = (tx: Transaction): Promise<void> => {
      if (this.#isClosing) throw new Closed('the server is closing')
      signal.throwIfAborted()
      signal.removeEventListener('abort', abandon)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const end = (how: 'commit' | 'rollback') => (how === 'commit' ? resolve() : reject(new RolledBack()))
      this.#open.set(id, { owner, tx, within, end, ended: ended.promise, visit })
      begun.resolve()
      return promise
    }
    const forget = () => {
      this.#open.delete(id)
      for (const [, inner] of this.#within(id)) inner.end('rollback')
      visit.leave()
    }
    const note = (error: unknown) => {
      if (isStoreGone(error)) this.#gone.set(id, { owner, error })
      throw error
    }
    const run = (parent: Transaction) => parent.transaction(hold, { timeoutMs: limitMs, yieldsAfterMs })
    const running =
      within === undefined
        ? this.#inSlot(caller, visit.signal, () => run(memory.until(visit.signal)))
        : run(this.handle(within, owner))
    running.finally(forget).catch(note).then(ended.resolve, ended.reject)
    // Before it has begun, `begin` fails with its error; afterwards the call that ends it does.
    ended.promise.catch(begun.reject)
    await begun.promise
    return id
  }

  /** Runs a transaction when it is the caller's turn to have one open. */
  async #inSlot(caller: Caller, signal: AbortSignal, run: () => Promise<void>): Promise<void> {
    const isGuest = !isOwner(caller)
    const release = await this.#slots[isGuest ? 'guests' : 'owners'].take(caller.id, signal)
    const since = performance.now()
    try {
      await run()
    } finally {
      const openMs = performance.now() - since
      if (isGuest && openMs > shortMs) setTimeout(release, openMs).unref()
      else release()
    }
  }

  /** The handle of an open transaction of this caller. */
  handle(id: string, owner: string): Transaction {
    return this.#find(id, owner).tx
  }

  /**
   * @throws InvalidInput `transaction_misuse` for a commit while a savepoint is open, else what the commit throws;
   *   after a rollback, nothing
   */
  async end(id: string, owner: string, how: 'commit' | 'rollback'): Promise<void> {
    const { end, ended } = this.#find(id, owner)
    const inner = this.#within(id)
    if (how === 'commit' && inner.length > 0) throw stillOpen(inner.map(([id]) => id))
    for (const [id] of inner) await this.end(id, owner, 'rollback')
    end(how)
    try {
      await ended
    } catch (error) {
      if (error instanceof RolledBack || (how === 'rollback' && error instanceof Deadline)) return
      throw error
    }
  }

  /** Rolls a transaction back of which nobody knows any more what it holds. */
  abandon(id: string, reason: Error): void {
    const open = this.#open.get(id)
    if (open?.within === undefined) open?.visit.end(reason)
    else this.abandon(open.within, reason)
  }

  /** Rolls back whatever is open, and lets none begin. */
  async close(): Promise<void> {
    this.#isClosing = true
    const all = [...this.#open.values()]
    for (const { end } of all.toReversed()) end('rollback')
    await Promise.allSettled(all.map(({ ended }) => ended))
  }

  #within(id: string): [string, OpenTransaction][] {
    return [...this.#open].filter(([, open]) => open.within === id)
  }

  #find(id: string, owner: string): OpenTransaction {
    const found = this.#open.get(id)
    if (found?.owner === owner) return found
    const lost = this.#gone.get(id)
    if (lost?.owner === owner) {
      this.#gone.delete(id)
      throw lost.error
    }
    throw new NotFound(`there is no open transaction ${JSON.stringify(id)}`, {
      hint: `It was ended, was open for longer than its timeoutMs, or others had waited for it for ${yieldsAfterMs} ms.`,
    })
  }
}

function isOwner({ grant }: Caller): boolean {
  return restrictedCaller(grant) === undefined
}

function stillOpen(ids: readonly string[]): InvalidInput {
  return new InvalidInput(
    `savepoints of the transaction are still open: ${ids.join(', ')}`,
    { hint: 'Commit them or roll them back first.' },
    'transaction_misuse',
  )
}
