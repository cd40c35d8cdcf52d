import type { Row } from './db.ts'
import type { Sql } from './sql.ts'

/** How far a long job has come. */
export interface Progress {
  /** What it is doing, in a word or two. */
  step: string
  /** The share of the whole job that is done, from 0 to 1; never falls. */
  fraction: number
}

export interface ProgressOptions {
  onProgress?: ((done: Progress) => void) | undefined
}

export interface AbortableOptions extends ProgressOptions {
  /** Ends the job early, between two of its steps; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** The report of one part of a job as a report of the whole: the part leads from `from` to `to`. */
export function portion(
  onProgress: ProgressOptions['onProgress'],
  from: number,
  to: number,
): ProgressOptions['onProgress'] {
  return onProgress && (({ step, fraction }) => onProgress({ step, fraction: from + (to - from) * fraction }))
}

/** Where the store is, and the room it takes. What only a store in a file has is absent elsewhere. */
export interface StoreFacts {
  /** The file, or the URL without its password. */
  location: string
  engine: { name: 'SQLite' | 'PostgreSQL'; version: string }
  /** On disk, in bytes: the data, the free pages and the log that was not merged yet. */
  sizeBytes: number
  /** Of these, the write-ahead log. A server keeps one for all its databases. */
  walBytes?: number
  /** Of these, pages that hold nothing; `vacuum` gives them back. */
  freeBytes?: number
  journalMode?: string
  /** The number of the newest migration that the store has. */
  schema: number
}

/** A table or an index, and the room it takes. */
export interface Extent {
  name: string
  /** The table that an index belongs to; for a table its own name. */
  table: string
  kind: 'table' | 'index'
  bytes: number
  /** Of these, bytes on its pages that hold nothing. On PostgreSQL an estimate by its statistics. */
  unusedBytes: number
}

/** How the engine runs a statement. */
export interface Plan {
  /** The indexes it uses. */
  indexes: string[]
  /** The tables it reads from end to end. */
  scans: string[]
}

/** What a restore brought back. */
export interface Replaced {
  /** Rows per table. */
  tables: Record<string, number>
  /** The id of the event that tells of the restore: the first that no cursor of before can have seen. */
  eventId: number
}

/** What was read from a damaged file. */
export interface Salvaged {
  tables: Record<string, SalvagedRows>
}

/** How the rows of a table fared. */
export interface SalvagedRows {
  recovered: number
  /** Were found but could not be read; there may have been more. */
  lost: number
  /** Could be read, but hold something else than what was stored: they were left out. */
  damaged: number
}

/** One thing that `doctor` looked at. */
export interface Check {
  name: string
  ok: boolean
  /** What was found, one sentence. */
  message: string
  /** What to do about it. */
  fix?: string
}

/**
 * What maintenance asks of an engine and SQL cannot say. Long work happens off the event loop. No method may
 * be called inside a transaction of the same store.
 */
export interface Engine {
  /** Runs a statement that reads much. Rows come in batches, all from one snapshot. */
  scan<R extends object = Row>(query: Sql): AsyncGenerator<R[], void, undefined>
  facts(): Promise<StoreFacts>
  /** Reads the whole store. */
  extents(): Promise<Extent[]>
  /** Undefined for a statement that has no plan: a pragma, or one whose table is gone. */
  plan(text: string): Promise<Plan | undefined>
  /**
   * Gives free pages back; `full` also closes the gaps between records, while writers wait. PostgreSQL without
   * `full` makes room for later records, and gives back only what lies free at the end of a table.
   */
  vacuum(options: AbortableOptions & { full?: boolean | undefined }): Promise<{ freedBytes: number }>
  /**
   * Brings the planner's statistics and the full-text index into their best shape. With `unref` the process
   * may end meanwhile.
   */
  optimize(options: AbortableOptions & { unref?: boolean }): Promise<void>
  /** Builds every index anew. */
  reindex(options: AbortableOptions): Promise<void>
  /**
   * Writes the store as of now into `target`, which exists and is empty, and checks what it wrote. The file is a
   * store in SQLite, whichever the engine: a backup of one can be restored into another. From PostgreSQL it holds
   * the tables of hivewax, and not those that the owner added.
   */
  copyTo(target: string, options: AbortableOptions): Promise<void>
  /**
   * Makes the store what the file `source` holds, in one transaction, but lets no number that was ever issued
   * be issued again. The file is checked first and never changed.
   * @throws InvalidInput when a log lies beside it; Corrupt when it is damaged, or `sha256` is another one
   */
  replaceWith(source: string, options: ProgressOptions & { sha256: string | undefined }): Promise<Replaced>
  /**
   * Copies what can still be read of the file `source`, and of its log, into a new store at `target`, which exists and is
   * empty.
   */
  salvage(source: string, target: string, options: AbortableOptions): Promise<Salvaged>
  /** Throws unless `path` may be overwritten with a backup: it is free, or holds an earlier one. */
  assertReplaceable(path: string): Promise<void>
  /**
   * Removes what lies beside `path` of a database that had its name before, which would count for a part of what is about
   * to take its place. Returns the names.
   * @throws as `assertReplaceable` does
   */
  clearBeside(path: string): Promise<string[]>
  /** Throws when this process has `path` open as a store: reading it as a file would drop its locks. */
  assertNotOpen(path: string): void
  /** The engine's own health checks. Reads the whole store, and tries whether it can be written. */
  checks(options: ProgressOptions): Promise<Check[]>
  /** A little upkeep in the background: returns soon, and does nothing when there is nothing to do. */
  tidy(signal: AbortSignal): Promise<void>
}
