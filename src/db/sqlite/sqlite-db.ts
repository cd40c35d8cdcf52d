import { AsyncLocalStorage } from 'node:async_hooks'
import { Deadline } from '../../errors.ts'
import type { Db, Dialect, Executed, Row, TransactionOptions } from '../db.ts'
import type { Param, Sql } from '../sql.ts'
import { Scope } from './scope.ts'
import type { SqliteStore } from './store.ts'

const defaultTimeoutMs = 30_000

/** A handle on the store outside any transaction: reads at once, writes through the queue. */
export class SqliteDb implements Db {
  readonly dialect: Dialect
  readonly #store: SqliteStore

  constructor(store: SqliteStore, dialect: Dialect) {
    this.#store = store
    this.dialect = dialect
  }

  async all<R extends object = Row>(query: Sql): Promise<R[]> {
    Scope.check(this.#store)
    const { statement, params } = this.#store.compile(query)
    if (statement.reads) return this.#store.read<R>(statement, params)
    return this.#store.writer.submit(() => this.#store.write<R>(statement, params))
  }

  async transaction<T>(fn: (tx: Db) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    Scope.check(this.#store)
    const { writer } = this.#store
    const scope = new Scope(this.#store, 1)
    const tx = new TransactionDb(this.#store, this.dialect, scope)
    if (!options.interactive) return writer.submit(() => tx.savepoint(scope, fn))
    const { timeoutMs = defaultTimeoutMs } = options
    // The callback is the caller's own: it runs in the caller's asynchronous context, not in the queue's.
    const run = AsyncLocalStorage.snapshot()
    return writer.alone(() => run(() => this.#interactive(scope, () => fn(tx), timeoutMs)))
  }

  async query(text: string, params: readonly Param[] = []): Promise<Row[]> {
    Scope.check(this.#store)
    return this.#store.query(text, params)
  }

  async execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    Scope.check(this.#store)
    return this.#store.writer.alone(() => this.#store.execute(text, params))
  }

  async version(): Promise<unknown> {
    Scope.check(this.#store)
    return this.#store.version()
  }

  async #interactive<T>(scope: Scope, fn: () => Promise<T>, timeoutMs: number): Promise<T> {
    const { writer } = this.#store
    await writer.begin()
    try {
      const result = await withDeadline(runWhole(scope, fn), timeoutMs)
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
  readonly #store: SqliteStore
  readonly #scope: Scope

  constructor(store: SqliteStore, dialect: Dialect, scope: Scope) {
    this.#store = store
    this.dialect = dialect
    this.#scope = scope
  }

  async all<R extends object = Row>(query: Sql): Promise<R[]> {
    await this.#turn()
    const { statement, params } = this.#store.compile(query)
    return this.#store.write<R>(statement, params)
  }

  async query(text: string, params: readonly Param[] = []): Promise<Row[]> {
    await this.#turn()
    return this.#store.runForeign('query', text, params).rows
  }

  async execute(text: string, params: readonly Param[] = []): Promise<Executed> {
    await this.#turn()
    return this.#store.runForeign('execute', text, params)
  }

  async transaction<T>(fn: (tx: Db) => Promise<T>): Promise<T> {
    Scope.check(this.#store, this.#scope)
    return this.#scope.inTurn(() => {
      const inner = new Scope(this.#store, this.#scope.depth + 1)
      return new TransactionDb(this.#store, this.dialect, inner).savepoint(inner, fn)
    })
  }

  /** Waits for inner scopes: a statement of this handle must not slip into a savepoint that may be undone. */
  async #turn(): Promise<void> {
    Scope.check(this.#store, this.#scope)
    if (this.#scope.hasInner) await this.#scope.innerEnded()
    this.#store.assertTransaction()
  }

  /** Runs `fn` on this handle within a savepoint: released when it resolves, undone when it throws. */
  async savepoint<T>(scope: Scope, fn: (tx: Db) => Promise<T>): Promise<T> {
    const name = `scope_${scope.depth}`
    this.#store.assertTransaction()
    this.#store.exec(`savepoint ${name}`)
    try {
      const result = await runWhole(scope, () => fn(this))
      scope.end()
      this.#store.assertTransaction()
      this.#store.exec(`release ${name}`)
      return result
    } catch (error) {
      scope.end()
      if (this.#store.inTransaction) this.#store.exec(`rollback to ${name}; release ${name}`)
      throw error
    }
  }
}

/** Runs a callback inside its scope and waits for the inner scopes that it did not await itself. */
async function runWhole<T>(scope: Scope, fn: () => Promise<T>): Promise<T> {
  try {
    return await scope.enter(fn)
  } finally {
    await scope.innerEnded()
  }
}

/** A hung callback would block every writer of the store, so it loses its transaction instead. */
async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs)
    timer.unref()
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function tooLate(timeoutMs: number): Deadline {
  return new Deadline(`the transaction was still open after ${timeoutMs} ms and was rolled back`, {
    hint: 'Do slow work before or after the transaction, or pass a longer timeoutMs.',
  })
}
