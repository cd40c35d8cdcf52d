import type { Capabilities } from './capabilities.ts'
import type { ChecksummedTable, ChecksumName, Covered } from './checksummed.ts'
import type { CellsOf, Columns } from './columns.ts'
import type { FullText } from './fulltext.ts'
import type { Hints } from './hints.ts'
import type { OwnEventType } from './own-event-types.ts'
import type { Param, Sql } from './sql.ts'
import type { Tallies } from './tallies.ts'

/** A value of a column as the engines return it. */
export type Value = string | number | null | Uint8Array | Date

/** A row by column name. Domains name their own row types; only they know their columns. */
export type Row = Record<string, Value>

/** What `execute` did: the rows it returned, and how many rows it changed. */
export interface Executed {
  rows: Row[]
  changes: number
}

export interface DbTransactionOptions {
  /**
   * True when the callback may wait for things outside the store. Such a transaction runs alone, under
   * `timeoutMs` (default 30,000); the others only await their own statements and share commits.
   */
  interactive?: boolean
  timeoutMs?: number
  /** Rolls an interactive one back, with Deadline, once others have waited for it so long, in milliseconds. Default: never. */
  yieldsAfterMs?: number | undefined
  /** Gives up with Busy at once where another process writes. No difference on PostgreSQL, where many write at a time. */
  atOnce?: boolean
  /**
   * Names the last statement, when there is one, once the callback has resolved. It is sent with the commit, and
   * nothing is stored when it fails. Only where `supports.batching` is true.
   */
  last?: () => Sql | undefined
}

export interface QueryOptions {
  /**
   * Ends the statement after so many milliseconds, wherever it is, with Deadline; the rows that it may return are
   * bounded too. It then runs apart, which takes longer to start. Not in a transaction, whose statements run where
   * its writes are. Default: as long as it takes, and 30,000 for a `caller`.
   */
  timeoutMs?: number | undefined
  /**
   * For whom it runs, where that is not the owner of the process. Callers share a few slots fairly, see no tokens, and on
   * PostgreSQL are the role that can only read, `reader`. Not in a transaction. Default: for the owner.
   */
  caller?: string | undefined
}

/** Commits, by whichever process, but of this one not those that change memory_store alone, for which no call waits. */
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

/** Who uses a handle. */
export interface Caller {
  /** Who acts through it, as the columns `author` hold it. Default: the store itself. */
  readonly author?: string | undefined
  /**
   * Aborts when nobody waits for its calls any more. What has not begun by then never does, and transactions are rolled
   * back; a write that has begun ends as it would. Default: they are waited for.
   */
  readonly signal?: AbortSignal | undefined
}

/** THE seam: all that the domains know of a database. */
export interface Db {
  readonly dialect: Dialect
  readonly supports: Capabilities
  /** What is remembered of the store, by all its handles in this process, those of transactions included. */
  readonly hints: Hints
  /** Who acts through this handle, as the columns `author` hold it. */
  readonly author: string
  /** Runs one statement, atomic by itself, and returns its rows. A write resolves once it is committed. */
  all<R extends object = Row>(query: Sql): Promise<R[]>
  /** Runs `fn` atomically: its writes commit together when it resolves, and none when it throws. Nests. */
  transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T>
  /** Runs one statement of a caller's own that only reads, in the engine's own SQL. */
  query(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]>
  /** Runs one statement of the process's owner that may write. Outside a transaction it runs alone. */
  execute(text: string, params?: readonly Param[]): Promise<Executed>
  /**
   * A token that changes with every commit, of any process, that could change memory_store: what was read
   * under the same token is still true. Asking costs little, and asking many times in one turn of the event
   * loop costs once. Where `supports.version` is false every token is a new one.
   */
  version(): Promise<unknown>
  /** Throws where a transaction of the store is open that is not this handle's own, as every use of the handle does. */
  assertOutside(): void
  /** Runs `read`, which only reads; what is asked for from now on is written after it. */
  readBeforeWrites<T>(read: () => Promise<T>): Promise<T>
  /** Rises soon after each commit. Where `supports.commits` is false it never does. */
  readonly commits: Commits
}

/** Events on their way into the log. */
export interface EventsToInsert {
  count: number
  /** Type, source, data, timestamp and author of each row of `from`. */
  values: Sql
  /** Its checksum, to which its id is added; null where there are none. */
  checksum: Sql
  /** A table with the column `at`: 1 for the first event, then 2, and so on. */
  from: Sql
}

/** The events of a write, one for each row that it returns, in terms of the columns that it returns. */
export interface EventsOfRows {
  type: OwnEventType
  /** The column that says who did it, and who did where it is null. */
  source: { column: string; otherwise: string }
  /** What the event says: words, and columns that are never null, of text unless they are of numbers. */
  data: Readonly<Record<string, string | { column: string; isNumber?: boolean }>>
}

/** A write, and the events of it. */
export interface WriteWithEvents {
  /** Has a `returning`. */
  write: Sql
  events: EventsOfRows
  /** True for a write that returns one row at most, which takes no counting. */
  isSingle: boolean
  /**
   * A condition on an array of the ids that the write returned, evaluated once it is done and what those did that it
   * had to wait for can be seen; it may fail. For a write that is one statement with its events.
   */
  check?: (ids: Sql) => Sql
}

/**
 * What to do to a sealed log: `append` to it, append nothing (`skip`), or, as the last statement of a transaction only,
 * `fail` with SealedLog.
 */
type WhenSealed = 'append' | 'skip' | 'fail'

/** Tables of records that are read one by one, by a key that only one of them has. */
export type LockableTable =
  | 'memory_store'
  | 'agent_memory'
  | 'sessions'
  | 'agents'
  | 'tasks'
  | 'patterns'
  | 'workflow_state'
  | 'consensus_state'
  | 'hivewax_locks'
  | 'hivewax_event_offsets'
  | 'hivewax_counters'

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
  /**
   * The machine of a process, to be compared with those of others. Null on PostgreSQL for who comes over a network: there
   * copies of one machine, as they are made of running ones, may bear its name and have other processes.
   */
  machine(name: string | undefined): Sql
  /** `column` matches the glob `pattern` (`*`, `?`, `[…]`), case-sensitively. */
  glob(column: Sql, pattern: string): Sql
  /** `column`, the JSON text of an array of strings, holds `value`; false for any other text and for null. */
  jsonArrayHas(column: Sql, value: string): Sql
  /** `column` is one of these values: one statement, however many they are, that looks each of them up by an index. */
  inList(column: Sql, values: readonly (string | number)[]): Sql
  /**
   * `column` is in the one column of `query`, of few rows, each of which is looked up by an index: PostgreSQL takes the
   * rows for many, and would rather read the whole table.
   */
  inQuery(column: Sql, query: Sql): Sql
  /** `column` equals the column `key` of `rows`, the name of a `with` of few rows. They are looked up as by `inQuery`. */
  equalsKey(column: Sql, rows: string, key: string): Sql
  /** Rows of values as a table, in the order given: one statement text, however many rows. Numbers are whole ones. */
  valuesTable<C extends Columns>(columns: C, rows: readonly CellsOf<C>[]): Sql
  /**
   * Joins the rows of `table` that meet `condition` in the step of a recursive statement, looking them up by the
   * index anew for each row. PostgreSQL would rather read a small table whole, once for each link of a chain.
   */
  lateralJoin(table: Sql, condition: Sql): Sql
  /**
   * Appends events and returns their ids, rising in the order of the events, and timestamps. PostgreSQL gives out the
   * ids of a batch by one update of its counter, and asks whether the log is sealed once no other transaction can append.
   */
  append(events: EventsToInsert, sealed: WhenSealed): Sql
  /**
   * A write, and the events by this author of what it returned, as one statement that returns the same; it fails with SealedLog.
   * Undefined where a statement writes to one table only.
   */
  withEvents(change: WriteWithEvents, author: string): Sql | undefined
  /**
   * The check of a write of tasks: it fails as a collision when a transaction that the write had to wait for has made
   * others depend on one of them.
   */
  assertNoDependents(ids: Sql): Sql
  /** After a claim's sub-select: pass over rows that others hold. SQLite has one writer and needs nothing. */
  readonly skipLocked: Sql
  /** After a select: no other transaction may change these rows before this one ends. Nor can they in SQLite. */
  readonly forShare: Sql
  /**
   * Before a caller's transaction reads records by their keys: until it ends no other one changes, deletes or
   * inserts one of them. Does nothing in SQLite, where the transaction has the store for itself; see `supports.recordLocks`.
   */
  lockKeys(table: LockableTable, keys: readonly (readonly string[])[]): Sql
  /**
   * In the `returning` of an insert into `table`: its `number`, which must be above the floor of this moment when the
   * row is new. In PostgreSQL the insert may have waited for a transaction that deleted a row of its key, and raised the
   * floor after the insert had read it: it then fails as a collision, and is run again.
   */
  assertAboveFloor(table: Sql, number: Sql): Sql
  /**
   * The checksum of a record to be stored, for its column of this name: see `verified`, which compares it. Null on
   * PostgreSQL, whose pages have checksums of its own.
   */
  checksum<T extends ChecksummedTable, C extends ChecksumName<T>>(
    table: T,
    name: C,
    row: Covered<T, C>,
  ): number | null
  readonly fullText: FullText
  readonly tallies: Tallies
}
