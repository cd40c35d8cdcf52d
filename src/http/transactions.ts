import { Closed, Deadline, InvalidInput, isStoreGone, NotFound } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Transaction } from '../transaction.ts'
import { checkInteger } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'

/** A transaction must not be held open by a caller that is gone, since it keeps all others from writing. */
const defaultTimeoutMs = 10_000
const maxTimeoutMs = 60_000

/** Transactions that wait for their turn count too: only one writes at a time. */
const limits = { all: 256, perCaller: 64 }

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
}

export interface BeginOptions {
  /** The open transaction to make a savepoint in. */
  readonly within?: string | undefined
  /** Default 10,000, at most 60,000. A savepoint ends with its transaction. */
  readonly timeoutMs?: number | undefined
  /** Aborts when the caller leaves: a transaction that begins then would never be ended. */
  readonly left: AbortSignal
}

/** Transactions that callers have open from one request to another, and savepoints within them. */
export class Transactions {
  readonly #open = new Map<string, OpenTransaction>()
  /** Those that went with their store, until their callers have heard of it: whose they were, and why. */
  readonly #gone = new Map<string, { owner: string; error: unknown }>()
  readonly #limit = new ConcurrencyLimit('transactions', limits)
  #isClosing = false

  /** Opens a transaction, or a savepoint of the one that is named, and returns its id. */
  async begin(memory: Memory, owner: string, { within, timeoutMs, left }: BeginOptions): Promise<string> {
    const limitMs = checkInteger('timeoutMs', timeoutMs ?? defaultTimeoutMs, 1, maxTimeoutMs)
    const parent = within === undefined ? memory : this.handle(within, owner)
    const release = this.#limit.take(owner)
    const id = uuidv7(Date.now())
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const hold = (tx: Transaction): Promise<void> => {
      if (left.aborted || this.#isClosing) throw new Closed('nobody waits for the transaction any more')
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const end = (how: 'commit' | 'rollback') => (how === 'commit' ? resolve() : reject(new RolledBack()))
      this.#open.set(id, { owner, tx, within, end, ended: ended.promise })
      begun.resolve()
      return promise
    }
    const forget = () => {
      this.#open.delete(id)
      for (const [, inner] of this.#within(id)) inner.end('rollback')
      release()
    }
    const note = (error: unknown) => {
      if (isStoreGone(error)) this.#gone.set(id, { owner, error })
      throw error
    }
    parent
      .transaction(async tx => hold(tx), { timeoutMs: limitMs })
      .finally(forget)
      .catch(note)
      .then(ended.resolve, ended.reject)
    // Before it has begun, `begin` fails with its error; afterwards the call that ends it does.
    ended.promise.catch(begun.reject)
    await begun.promise
    return id
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
      hint: `It was ended, or was open for longer than its timeoutMs, by default ${defaultTimeoutMs}.`,
    })
  }
}

function stillOpen(ids: readonly string[]): InvalidInput {
  return new InvalidInput(
    `savepoints of the transaction are still open: ${ids.join(', ')}`,
    { hint: 'Commit them or roll them back first.' },
    'transaction_misuse',
  )
}
