import { backup, constants, DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { InvalidInput } from '../../errors.ts'
import type { Executed, Row } from '../db.ts'
import { type AnswerLimits, answerTooLarge } from '../foreign-statements.ts'
import { type Bound, isReading, type Statement } from '../sql.ts'
import { authorize, type Mode } from './authorizer.ts'
import { Prepared } from './prepared.ts'
import { translate } from './translate-error.ts'

const maxPrepared = 500

export interface ConnectionOptions {
  readOnly: boolean
  /**
   * How long SQLite itself waits for a lock, in milliseconds: only in a thread that may block. Default 0, since on
   * the main thread waiting is ours to do, without blocking the event loop.
   */
  waitMs?: number
  /**
   * May attach a second file, as VACUUM does, and write to the tables in which a full-text index keeps itself.
   * Default false.
   */
  trusted?: boolean
  /** The largest text or blob that it may make, in bytes. Default: SQLite's own limit, 1 GB. */
  maxValueBytes?: number
  /** What errors call the file, when it is a copy of the one that people know. Default: its path. */
  name?: string
}

/** One statement of a caller's own. */
interface ForeignStatement {
  text: string
  params: Bound[]
  mode: Exclude<Mode, 'own'>
  /** What its rows may come to. Default: anything. */
  limits?: AnswerLimits
}

/** One SQLite connection: its prepared statements, and what SQL from outside may do on it. */
export class Connection {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, Prepared>()
  #mode: Mode = 'own'

  constructor(file: string, options: ConnectionOptions) {
    const { readOnly, waitMs = 0, trusted = false, maxValueBytes, name = pathOf(file) } = options
    this.file = name
    const limits = { attach: trusted ? 1 : 0, ...(maxValueBytes !== undefined && { length: maxValueBytes }) }
    this.#db = this.#try(
      () => new DatabaseSync(file, { readOnly, timeout: waitMs, limits, defensive: !trusted }),
    )
    this.#db.setAuthorizer((action, first, second) =>
      authorize(this.#mode, action, first, second) ? constants.SQLITE_OK : constants.SQLITE_DENY,
    )
  }

  /** False after SQLite has rolled back by itself, as it does on a full disk in the middle of a transaction. */
  get isTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  /** Runs one of our statements. */
  run<R extends object = Row>(statement: Statement, params: Bound[]): R[] {
    // The type of the rows is the word of the domain that wrote the statement.
    return this.#try(() => this.#prepare(statement.text).all(params)) as R[]
  }

  /** The rows of one of our statements as they come, all from one snapshot. */
  *iterate(text: string, params: Bound[]): Generator<Row, void, undefined> {
    const rows = this.#try(() => this.#db.prepare(text).iterate(...params))
    try {
      for (;;) {
        const { done, value } = this.#try(() => rows.next())
        if (done) return
        yield value as Row
      }
    } finally {
      // Else the statement of a reader that stopped early would hold its snapshot.
      rows.return?.()
    }
  }

  /** Runs statements without parameters or rows, compiled for this once. */
  exec(text: string): void {
    this.#try(() => this.#db.exec(text))
  }

  /** Runs one such statement that comes again and again, such as `commit`: compiled once. */
  step(text: string): void {
    this.#try(() => this.#prepare(text).run())
  }

  /** The first column of the first row of a short statement of ours, prepared once. */
  value(text: string): unknown {
    return this.#try(() => this.#prepare(text).value())
  }

  /** Runs one statement of a caller's own, within what its mode allows. */
  runForeign({ text, params, mode, limits }: ForeignStatement): Executed {
    if (text.trim() === '') throw new InvalidInput('the statement is empty')
    this.#mode = mode
    try {
      return this.#try(() => this.#runOnce(text, params, limits))
    } finally {
      this.#mode = 'own'
    }
  }

  #runOnce(text: string, params: Bound[], limits?: AnswerLimits): Executed {
    const statement = this.#db.prepare(text)
    refuseTail(text, statement.sourceSQL)
    if (statement.columns().length === 0)
      return { rows: [], changes: Number(statement.run(...params).changes) }
    const rows =
      limits === undefined ? statement.all(...params) : within(limits, statement.iterate(...params))
    // The driver's rows have no prototype and columns as `Row` has them.
    return { rows: rows as Row[], changes: isReading(text) ? 0 : rows.length }
  }

  /** Writes all pages, as of one moment, into the file `target`, be it that the own file has no name any more. */
  async copyTo(target: string): Promise<void> {
    try {
      await backup(this.#db, target)
    } catch (error) {
      throw translate(error, this.file, this.#mode)
    }
  }

  close(): void {
    this.#prepared.clear()
    this.#db.close()
  }

  /** Whatever SQLite throws leaves this class as one of our errors. */
  #try<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw translate(error, this.file, this.#mode)
    }
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text)
    if (known !== undefined) return known
    const oldest = this.#prepared.size >= maxPrepared ? this.#prepared.keys().next().value : undefined
    if (oldest !== undefined) this.#prepared.delete(oldest)
    const prepared = new Prepared(this.#db.prepare(text))
    this.#prepared.set(text, prepared)
    return prepared
  }
}

/** The path in what opens a file, which may be a URI with what SQLite is to know of it. */
function pathOf(location: string): string {
  return location.startsWith('file:') ? fileURLToPath(location) : location
}

/** SQLite compiles the first statement and ignores the rest without a word; we do not. */
function refuseTail(text: string, first: string): void {
  const tail = text.slice(text.indexOf(first) + first.length)
  const rest = tail.replace(/\/\*[\s\S]*?\*\/|--[^\n]*|[\s;]+/g, '')
  if (rest === '') return
  throw new InvalidInput(
    `one statement at a time: ${JSON.stringify(rest.slice(0, 60))} follows the first one`,
  )
}

/** What a value adds to the length of a row that is no text, in characters of JSON, about. */
const scalarLength = 8

/** Rows as they come, until they are too many to send or to keep. */
function within({ rows: maxRows, characters }: AnswerLimits, rows: Iterable<object>): object[] {
  let length = 0
  return Array.from(rows, (row, count) => {
    length += rowLength(row)
    if (length > characters) throw answerTooLarge(`${characters} characters`)
    if (count >= maxRows) throw answerTooLarge(`${maxRows} rows`)
    return row
  })
}

/** The length of a row, in characters, about: what is no text counts as a short one. */
export function rowLength(row: object): number {
  return Object.values(row).reduce<number>((sum, value: unknown) => sum + valueLength(value), 0)
}

function valueLength(value: unknown): number {
  if (typeof value === 'string') return value.length
  return value instanceof Uint8Array ? value.length : scalarLength
}
