import { AsyncLocalStorage } from 'node:async_hooks'
import type { PoolClient } from 'pg'
import { anyOf } from '../../util/signals.ts'
import { refusal } from '../../util/write-refusal.ts'
import { type Capabilities, noCommits, transactionCapabilities } from '../capabilities.ts'
import type { Commits, Db, DbTransactionOptions, Dialect, Executed, QueryOptions, Row } from '../db.ts'
import { withDeadline } from '../deadline.ts'
import type { Hints } from '../hints.ts'
import { Scope } from '../scope.ts'
import type { Param, Sql } from '../sql.ts'
import { yielding } from '../yielding.ts'
import { isFollowed } from './commits.ts'
import type { PostgresStore } from './postgres-store.ts'
import { beginWithin } from './timeouts.ts'
import { inDoubt, isLost, isOutdated } from './translate-error.ts'
import type { Wait } from './wait-limit.ts'

const defaultTimeoutMs = 30_000

const capabilities: Capabilities = {
  version: false,
  commits: true,
  batching: true,
  recordLocks: false,
  writing: true,
}

const readingCapabilities: Capabilities = { ...capabilities, writing: false }

/** Of callers' transactions. Those of our own lock what they need by themselves. */
const callersCapabilities: Capabilities = { ...transactionCapabilities, recordLocks: true }

interface HandleParts extends Pick<Db, 'dialect' | 'author'> {
  /** See `Caller`. */
  readonly signal: AbortSignal | undefined
}

/** A handle on the store outside any transaction. */
export class PostgresDb implements Db {
  readonly dialect: Dialect
  readonly supports: Capabilities
  readonly author: string
  readonly #signal: AbortSignal | undefined
  readonly #store: PostgresStore

  constructor(store: PostgresStore, { dialect, author, signal }: HandleParts) {
    this.#store = store
    this.dialect = dialect
    this.author = author
    this.#signal = signal
    this.supports = store.readOnly === undefined ? capabilities : readingCapabilities
  }

  get hints(): Hints {
    return this.#store.hints
  }

  get commits(): Commits {
    return this.#store.commits
  }

  async all<R extends object = Row>(query: Sql): Promise<R[]> {
    Scope.check(this.#store)
    const { statement, params } = this.#store.compile(query)
    if (!statement.reads) this.#assertWriting()
    // Rows come as plain records; their type is the word of the domain that wrote the statement.
    return (await this.#store.run(statement, params, this.#signal)) as R[]
  }

  /** No answer of the server's is cheaper than reading anew. */
  async version(): Promise<unknown> {
    return {}
  }

  assertOutside(): void {
    Scope.check(this.#store)
  }

  readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    return this.#store.writes.readFirst(read)
  }

  async transaction<T>(fn: (tx: Db) => Promise<T>, options: DbTransactionOptions = {}): Promise<T> {
    Scope.check(this.#store)
    this.#assertWriting()
    const run = AsyncLocalStorage.snapshot()
    await this.#store.writes.ready()
    let isBegun = false
    const begin = (tx: Db) => {
      isBegun = true
      return fn(tx)
    }
    const { interactive, yieldsAfterMs } = options
    const attempt = (wait: Wait) =>
      this.#store.lend(client => {
        const whole = (ends = this.#signal) =>
          run(() => this.#transaction(client, begin, { ...options, wait, ends }))
        if (!interactive) return this.#store.cancellable(client, this.#signal, () => whole())
        const holdsUp = (ms: number) => this.#store.holdsUp(client, ms)
        return yielding({ yieldsAfterMs, holdsUp }, yields => {
          const ends = anyOf(this.#signal, yields)
          return this.#store.cancellable(client, ends, () => whole(ends))
        })
      }, wait)
    return this.#store.again(attempt, { mayRepeat: () => !isBegun || !interactive, signal: this.#signal })
  }

  async query(text: string, params: readonly Param[] = [], options: QueryOptions = {}): Promise<Row[]> {
    Scope.check(this.#store)
    return this.#store.readApart(text, params, { ...options, signal: this.#signal })
  }

  async execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    Scope.check(this.#store)
    this.#assertWriting()
    await this.#store.writes.ready()
    const attempt = (client: PoolClient) => this.#execute(client, text, params)
    const executed = await this.#store.again(wait => this.#store.lend(attempt, wait), {
      signal: this.#signal,
    })
    this.#store.commits.add()
    return executed
  }

  #assertWriting(): void {
    if (this.#store.readOnly !== undefined) throw refusal(this.#store.readOnly)
  }

  async #execute(client: PoolClient, text: string, params: readonly Param[]): Promise<Executed> {
    try {
      return await this.#store.executeForeign(client, text, params)
    } catch (error) {
      throw inDoubt(error)
    }
  }

  async #transaction<T>(
    client: PoolClient,
    fn: (tx: Db) => Promise<T>,
    { interactive = false, timeoutMs = defaultTimeoutMs, last, wait, ends }: TransactionRun,
  ): Promise<T> {
    const begun = this.#store.begin(client, interactive ? beginWithin(timeoutMs, wait.begin) : wait.begin)
    const session = { client, isFollowed: false }
    const supports = interactive ? callersCapabilities : transactionCapabilities
    const { dialect, author } = this
    const parts = { dialect, author, supports, session, interactive, signal: ends }
    const tx = new TransactionDb(this.#store, new Scope(this.#store), parts)
    try {
      const result = await (interactive ? withDeadline(tx.whole(fn), timeoutMs, ends) : tx.whole(fn))
      tx.scope.end()
      await tx.settled()
      await begun
      ends?.throwIfAborted()
      await this.#end(session, last?.())
      if (session.isFollowed) this.#store.commits.add()
      return result
    } catch (error) {
      tx.scope.end()
      await tx.settled()
      await client.query('rollback').catch(() => {})
      throw error
    }
  }

  /** Commits, with a last statement when there is one. */
  async #end(session: Session, last: Sql | undefined): Promise<void> {
    if (last === undefined) return this.#store.commit(session.client)
    const { statement, params } = this.#store.compile(last)
    if (isFollowed(statement)) session.isFollowed = true
    await this.#store.runAndCommit(session.client, statement, params)
  }
}

/** How one transaction runs. */
interface TransactionRun extends DbTransactionOptions {
  readonly wait: Wait
  /** Rolls it back. */
  readonly ends: AbortSignal | undefined
}

/** What follows it sees the transaction's writes, and makes none; it is undone with all that it has set. */
const beginReadingWithin = 'savepoint reading; set transaction read only; set local cursor_tuple_fraction = 1'

/** An open transaction. */
interface Session {
  client: PoolClient
  /** True once the transaction has written something that a waiter may wait for. */
  isFollowed: boolean
}

/** What a transaction is, and its savepoints too. */
interface TransactionParts extends HandleParts {
  supports: Capabilities
  session: Session
  /** True where the caller awaits other things too, and may go on after a statement that failed. */
  interactive: boolean
}

/** A handle inside a transaction or savepoint: everything runs on its connection, one statement after another. */
class TransactionDb implements Db {
  readonly dialect: Dialect
  readonly supports: Capabilities
  readonly commits = noCommits
  readonly author: string
  readonly scope: Scope
  readonly #store: PostgresStore
  readonly #session: Session
  readonly #signal: AbortSignal | undefined
  readonly #interactive: boolean
  #running: Promise<unknown> = Promise.resolve()

  constructor(store: PostgresStore, scope: Scope, parts: TransactionParts) {
    this.#store = store
    this.scope = scope
    this.dialect = parts.dialect
    this.author = parts.author
    this.supports = parts.supports
    this.#session = parts.session
    this.#signal = parts.signal
    this.#interactive = parts.interactive
  }

  get #client(): PoolClient {
    return this.#session.client
  }

  all<R extends object = Row>(query: Sql): Promise<R[]> {
    return this.#inTurn(async () => {
      const { statement, params } = this.#store.compile(query)
      if (isFollowed(statement)) this.#session.isFollowed = true
      return (await this.#store.runOn(this.#client, statement, params)) as R[]
    })
  }

  query(text: string, params: readonly Param[] = []): Promise<Row[]> {
    return this.#inTurn(async () => {
      await this.#store.command(this.#client, beginReadingWithin)
      try {
        return await this.#store.readForeign(this.#client, text, params)
      } finally {
        await this.#store.command(this.#client, 'rollback to savepoint reading; release savepoint reading')
      }
    })
  }

  execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    this.#session.isFollowed = true
    return this.#inTurn(() => this.#store.executeForeign(this.#client, text, params))
  }

  async transaction<T>(
    fn: (tx: Db) => Promise<T>,
    { interactive = false }: DbTransactionOptions = {},
  ): Promise<T> {
    Scope.check(this.#store, this.scope)
    return this.scope.inner.run(() => {
      const inner = new Scope(this.#store, this.scope)
      const { dialect, author, supports } = this
      const parts = { dialect, author, supports, session: this.#session, interactive, signal: this.#signal }
      return new TransactionDb(this.#store, inner, parts).savepoint(fn)
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

  /** Resolves when no statement of this handle is under way. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Runs `fn` inside the scope of this handle and waits for the inner scopes that it did not await itself. */
  async whole<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    try {
      return await this.scope.enter(() => fn(this))
    } finally {
      await this.scope.inner.idle()
    }
  }

  /** Runs `fn` on this handle within a savepoint: released when it resolves, undone when it throws. */
  async savepoint<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    const name = `scope_${this.scope.depth}`
    this.scope.assertOpen()
    await this.#store.command(this.#client, `savepoint ${name}`)
    try {
      const result = await this.whole(fn)
      this.scope.assertOpen()
      await this.settled()
      await this.#store.command(this.#client, `release savepoint ${name}`)
      return result
    } catch (error) {
      await this.settled()
      // Its caller may go on in the transaction around it, which must then hold nothing of this one.
      if (this.scope.isOpen && !isLost(error))
        await this.#store.command(this.#client, `rollback to savepoint ${name}; release savepoint ${name}`)
      throw error
    } finally {
      this.scope.end()
    }
  }

  /** Runs after the inner scopes and the statements before. */
  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    Scope.check(this.#store, this.scope)
    while (!this.scope.inner.isIdle) await this.scope.inner.idle()
    this.#signal?.throwIfAborted()
    this.scope.assertOpen()
    const before = this.#running
    // The connection keeps their order; only one that can be undone must know how the ones before it ended.
    const turn = this.#interactive ? before.then(() => this.#undoable(run)) : run()
    this.#running = Promise.allSettled([before, turn])
    return turn
  }

  /**
   * Runs a statement so that one that fails undoes itself only, as in SQLite: its caller may go on. Transactions of
   * our own end with the first error, and do without this.
   */
  async #undoable<T>(run: () => Promise<T>, isRepeated = false): Promise<T> {
    this.scope.assertOpen()
    await this.#store.command(this.#client, 'savepoint statement')
    try {
      const result = await run()
      await this.#store.command(this.#client, 'release savepoint statement')
      return result
    } catch (error) {
      await this.#store
        .command(this.#client, 'rollback to savepoint statement; release savepoint statement')
        .catch(() => {})
      if (isOutdated(error) && !isRepeated) return this.#undoable(run, true)
      throw error
    }
  }
}
