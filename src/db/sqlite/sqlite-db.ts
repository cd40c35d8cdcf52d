import { AsyncLocalStorage } from 'node:async_hooks'
import { anyOf } from '../../util/signals.ts'
import { type Capabilities, noCommits, transactionCapabilities } from '../capabilities.ts'
import type { Commits, Db, DbTransactionOptions, Dialect, Executed, QueryOptions, Row } from '../db.ts'
import { withDeadline } from '../deadline.ts'
import { timeLimit } from '../foreign-statements.ts'
import type { Hints } from '../hints.ts'
import { Scope } from '../scope.ts'
import type { Param, Sql } from '../sql.ts'
import { yielding } from '../yielding.ts'
import type { SqliteStore } from './sqlite-store.ts'

const defaultTimeoutMs = 30_000

const capabilities: Capabilities = {
  version: true,
  commits: true,
  batching: false,
  recordLocks: false,
  writing: true,
}

/** What a handle is, and its transactions too. */
export interface HandleParts extends Pick<Db, 'dialect' | 'author'> {
  /** When it aborts nobody waits for the handle's calls any more: none begins, and its transactions are rolled back. */
  readonly signal: AbortSignal | undefined
}

/** A handle on the store outside any transaction: reads at once, writes through the queue. */
export class SqliteDb implements Db {
  readonly dialect: Dialect
  readonly supports = capabilities
  readonly author: string
  readonly signal: AbortSignal | undefined
  readonly #store: SqliteStore

  constructor(store: SqliteStore, { dialect, author, signal }: HandleParts) {
    this.#store = store
    this.dialect = dialect
    this.author = author
    this.signal = signal
  }

  async all<R extends object = Row>(query: Sql): Promise<R[]> {
    Scope.check(this.#store)
    this.signal?.throwIfAborted()
    const { statement, params } = this.#store.compile(query)
    if (statement.reads) return this.#store.read<R>(statement, params)
    return this.#store.writer.submit(() => this.#store.write<R>(statement, params), this.signal)
  }

  async transaction<T>(fn: (tx: Db) => Promise<T>, options: DbTransactionOptions = {}): Promise<T> {
    Scope.check(this.#store)
    const { writer } = this.#store
    // The callback is the caller's own: it runs in the caller's asynchronous context, not in the queue's.
    const run = AsyncLocalStorage.snapshot()
    // The handle is made when the transaction begins, since one whose batch was lost runs again.
    const open = () => new TransactionDb(this.#store, this, new Scope(this.#store))
    const { interactive, atOnce } = options
    if (!interactive && !atOnce) return writer.submit(() => run(() => open().savepoint(fn)), this.signal)
    return writer.alone(async queuedAt => {
      await writer.begin(queuedAt, atOnce ? 0 : undefined)
      return run(() => this.#interactive(open(), fn, options))
    }, this.signal)
  }

  async query(text: string, params: readonly Param[] = [], options: QueryOptions = {}): Promise<Row[]> {
    Scope.check(this.#store)
    this.signal?.throwIfAborted()
    return timeLimit(options) === undefined
      ? this.#store.query(text, params)
      : this.#store.queryApart(text, params, { ...options, signal: this.signal })
  }

  async execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    Scope.check(this.#store)
    return this.#store.writer.alone(() => this.#store.execute(text, params), this.signal)
  }

  get hints(): Hints {
    return this.#store.hints
  }

  get commits(): Commits {
    return this.#store.commits
  }

  async version(): Promise<unknown> {
    Scope.check(this.#store)
    return this.#store.version()
  }

  assertOutside(): void {
    this.#store.assertOutside()
  }

  /** A read is over before the writer begins what is asked for after it. */
  readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    return read()
  }

  async #interactive<T>(
    tx: TransactionDb,
    fn: (tx: Db) => Promise<T>,
    { timeoutMs = defaultTimeoutMs, yieldsAfterMs }: DbTransactionOptions,
  ): Promise<T> {
    const { writer } = this.#store
    const { scope } = tx
    const holdsUp = (ms: number) => writer.heldUpMs > ms
    try {
      const result = await yielding({ yieldsAfterMs, holdsUp }, yields =>
        withDeadline(tx.whole(fn), timeoutMs, anyOf(this.#store.lost, this.signal, yields)),
      )
      scope.end()
      this.#store.assertTransaction()
      writer.commit()
      return result
    } catch (error) {
      scope.end()
      writer.rollback()
      throw error
    }
  }
}

/** A handle inside a transaction or savepoint: everything runs on the writing connection, at once. */
class TransactionDb implements Db {
  readonly dialect: Dialect
  readonly supports = transactionCapabilities
  readonly commits = noCommits
  readonly author: string
  readonly signal: AbortSignal | undefined
  readonly scope: Scope
  readonly #store: SqliteStore

  constructor(store: SqliteStore, { dialect, author, signal }: HandleParts, scope: Scope) {
    this.#store = store
    this.dialect = dialect
    this.author = author
    this.signal = signal
    this.scope = scope
  }

  all<R extends object = Row>(query: Sql): Promise<R[]> {
    return this.#inTurn(() => {
      const { statement, params } = this.#store.compile(query)
      return this.#store.write<R>(statement, params)
    })
  }

  query(text: string, params: readonly Param[] = []): Promise<Row[]> {
    return this.#inTurn(() => this.#store.runForeign('query', text, params).rows)
  }

  execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    return this.#inTurn(() => this.#store.runForeign('execute', text, params))
  }

  async transaction<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    Scope.check(this.#store, this.scope)
    return this.scope.inner.run(() => {
      const inner = new Scope(this.#store, this.scope)
      return new TransactionDb(this.#store, this, inner).savepoint(fn)
    })
  }

  get hints(): Hints {
    return this.#store.hints
  }

  async version(): Promise<unknown> {
    return {}
  }

  assertOutside(): void {
    Scope.check(this.#store, this.scope)
  }

  readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    return read()
  }

  /**
   * Runs a statement before this call returns, or else after the inner scopes: in no case inside a savepoint of
   * theirs, which may be undone, and never after its own transaction, when another may be open.
   */
  async #inTurn<T>(run: () => T): Promise<T> {
    Scope.check(this.#store, this.scope)
    while (!this.scope.inner.isIdle) await this.scope.inner.idle()
    this.#assertOpen()
    const result = run()
    // A callback that only awaits its own statements would else hold the event loop, and its own deadline, to the end.
    if (this.#store.writer.isTurnDue) await this.#store.writer.giveTurn()
    return result
  }

  /** Runs `fn` on this handle within a savepoint: released when it resolves, undone when it throws. */
  async savepoint<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    const name = `scope_${this.scope.depth}`
    this.#assertOpen()
    this.#store.step(`savepoint ${name}`)
    try {
      const result = await this.whole(fn)
      this.#assertOpen()
      this.#store.step(`release ${name}`)
      return result
    } catch (error) {
      // It went with the transaction around it when that ended; the savepoint of that name now is another call's.
      const isThere = this.scope.isOpen && this.#store.inTransaction
      if (isThere) this.#store.exec(`rollback to ${name}; release ${name}`)
      throw error
    } finally {
      this.scope.end()
    }
  }

  /** Runs `fn` inside the scope of this handle and waits for the inner scopes that it did not await itself. */
  async whole<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    try {
      return await this.scope.enter(() => fn(this))
    } finally {
      await this.scope.inner.idle()
    }
  }

  #assertOpen(): void {
    this.signal?.throwIfAborted()
    this.scope.assertOpen()
    this.#store.assertTransaction()
  }
}
