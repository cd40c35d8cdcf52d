import type { FullText } from './fulltext.ts'
import type { Param, Sql } from './sql.ts'

/** A value of a column as the engines return it. */
export type Value = string | number | null | Uint8Array | Date

/** A row by column name. Domains name their own row types; only they know their columns. */
export type Row = Record<string, Value>

/** What `execute` did: the rows it returned, and how many rows it changed. */
export interface Executed {
  rows: Row[]
  changes: number
}

export interface TransactionOptions {
  /**
   * True when the callback may wait for things outside the store. Such a transaction runs alone, under
   * `timeoutMs` (default 30,000); the others only await their own statements and share commits.
   */
  interactive?: boolean
  timeoutMs?: number
}

/** Commits, by whichever process, but of this one not those that change memory_store alone: nobody follows that. */
export interface Commits {
  /** Rises with every one that becomes known; several of other processes may be known as one. */
  readonly count: number
  /**
   * Calls `wake` once, when `count` rises. Returns what ends the wait before.
   * @param activeAt by performance.now(), when the waiter had something to do last: the longer ago, the later it
   *   may hear of others, for that costs less. Default: now
   */
  wait(wake: () => void, activeAt?: number): () => void
}

/** THE seam: all that the domains know of a database. */
export interface Db {
  readonly dialect: Dialect
  /** Runs one statement, atomic by itself, and returns its rows. A write resolves once it is committed. */
  all<R extends object = Row>(query: Sql): Promise<R[]>
  /** Runs `fn` atomically: its writes commit together when it resolves, and none when it throws. Nests. */
  transaction<T>(fn: (tx: Db) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs one statement of somebody else that only reads, in the engine's own SQL. */
  query(text: string, params?: readonly Param[]): Promise<Row[]>
  /** Runs one statement of the process's owner that may write. Outside a transaction it runs alone. */
  execute(text: string, params?: readonly Param[]): Promise<Executed>
  /**
   * A token that changes with every commit, of any process, that could change memory_store: what was read
   * under the same token is still true. Asking costs little, and asking many times in one turn of the event
   * loop costs once. Absent where the engine cannot tell cheaply, and in transactions.
   */
  version?(): Promise<unknown>
  /** Tells of commits soon after them. Absent where the engine cannot, and in transactions. */
  readonly commits?: Commits
}

/** Where the engines' SQL differs: each member is one difference, and only `db/` asks which engine it is. */
export interface Dialect {
  /**
   * The wall clock, `offsetMs` from now: the handle's injectable clock in SQLite, the server's in PostgreSQL.
   * The offset may be a column, which must not be null there.
   */
  now(offsetMs?: number | Sql): Sql
  /** The clock of leases in milliseconds: it only runs forward, whatever is done to the wall clock. */
  leaseNow(): Sql
  /** Names the period in which lease times compare: a lease of another epoch has lapsed. */
  leaseEpoch(): Sql
  /** `column` matches the glob `pattern` (`*`, `?`, `[…]`), case-sensitively. */
  glob(column: Sql, pattern: string): Sql
  /** `column`, the JSON text of an array of strings, holds `value`; false for any other text and for null. */
  holds(column: Sql, value: string): Sql
  /** `column` is one of these values: one statement, however many they are. */
  oneOf(column: Sql, values: readonly (string | number)[]): Sql
  /**
   * Rows of values as a table with these columns, in the order given: one statement text, however many rows. The
   * type of a column is its first value's: text, or whole numbers.
   */
  table(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Sql
  /** After a claim's sub-select: pass over rows that others hold. SQLite has one writer and needs nothing. */
  readonly skipLocked: Sql
  /** After a select: nobody else may change these rows before the transaction ends. Nor can they in SQLite. */
  readonly keepRows: Sql
  readonly fullText: FullText
}
