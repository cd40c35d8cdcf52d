import { refusal } from '../../util/write-refusal.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Commits, Db, Dialect, Executed, QueryOptions, Row } from '../db.ts'
import { timeLimit } from '../foreign-statements.ts'
import type { Hints } from '../hints.ts'
import type { Param, Sql } from '../sql.ts'
import type { ReadingStore } from './reading-store.ts'
import type { HandleParts } from './sqlite-db.ts'

const capabilities: Capabilities = {
  version: true,
  commits: true,
  batching: false,
  recordLocks: false,
  writing: false,
}

/** A handle on a store that is only read: what could write is refused. */
export class ReadingDb implements Db {
  readonly dialect: Dialect
  readonly supports = capabilities
  readonly author: string
  readonly #signal: AbortSignal | undefined
  readonly #store: ReadingStore

  constructor(store: ReadingStore, { dialect, author, signal }: HandleParts) {
    this.#store = store
    this.dialect = dialect
    this.author = author
    this.#signal = signal
  }

  get hints(): Hints {
    return this.#store.hints
  }

  get commits(): Commits {
    return this.#store.commits
  }

  async all<R extends object = Row>(query: Sql): Promise<R[]> {
    this.#signal?.throwIfAborted()
    const { statement, params } = this.#store.compile(query)
    if (!statement.reads) throw refusal(this.#store.why)
    return this.#store.read<R>(statement, params)
  }

  async transaction(): Promise<never> {
    throw refusal(this.#store.why)
  }

  async query(text: string, params: readonly Param[] = [], options: QueryOptions = {}): Promise<Row[]> {
    return timeLimit(options) === undefined
      ? this.#store.query(text, params)
      : this.#store.queryApart(text, params, { ...options, signal: this.#signal })
  }

  async execute(): Promise<Executed> {
    throw refusal(this.#store.why)
  }

  async version(): Promise<unknown> {
    return this.#store.version()
  }

  /** Nothing that only reads has a transaction. */
  assertOutside(): void {}

  readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    return read()
  }
}
