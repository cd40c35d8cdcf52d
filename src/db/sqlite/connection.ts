import { constants, DatabaseSync, type StatementSync } from 'node:sqlite'
import { InvalidInput } from '../../errors.ts'
import type { Executed, Row } from '../db.ts'
import { type Bound, isReading, type Statement } from '../sql.ts'
import { translate } from './errors.ts'
import { authorize, type Mode } from './guard.ts'

const maxPrepared = 500

/** One SQLite connection: its prepared statements, and what SQL from outside may do on it. */
export class Connection {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  #mode: Mode = 'own'

  constructor(file: string, options: { readOnly: boolean }) {
    this.file = file
    // timeout 0: waiting for locks is ours to do, without blocking the event loop.
    this.#db = new DatabaseSync(file, { readOnly: options.readOnly, timeout: 0, limits: { attach: 0 } })
    this.#db.setAuthorizer((action, first, second) =>
      authorize(this.#mode, action, first, second) ? constants.SQLITE_OK : constants.SQLITE_DENY,
    )
  }

  /** False after SQLite has rolled back by itself, as it does on a full disk in the middle of a transaction. */
  get isTransaction(): boolean {
    return this.#db.isTransaction
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  /** Runs one of our statements. Errors are SQLite's own, so that callers can tell BUSY. */
  run<R extends object = Row>(statement: Statement, params: Bound[]): R[] {
    // Rows come as plain records; their type is the word of the domain that wrote the statement.
    return this.#prepare(statement.text).all(...params) as R[]
  }

  /** Runs statements without parameters or rows, such as `begin immediate`. */
  exec(text: string): void {
    this.#db.exec(text)
  }

  /** The first column of the first row of a short statement of ours, prepared once. */
  value(text: string): unknown {
    const row = this.#prepare(text).get()
    return row === undefined ? undefined : Object.values(row)[0]
  }

  /** Runs one statement of somebody else, within what `mode` allows. */
  runForeign(mode: Exclude<Mode, 'own'>, text: string, params: Bound[]): Executed {
    this.#mode = mode
    try {
      const statement = this.#db.prepare(text)
      refuseTail(text, statement.sourceSQL)
      if (statement.columns().length === 0) return { rows: [], changes: Number(statement.run(...params).changes) }
      const rows = statement.all(...params) as Row[]
      return { rows, changes: isReading(text) ? 0 : rows.length }
    } finally {
      this.#mode = 'own'
    }
  }

  close(): void {
    this.#prepared.clear()
    this.#db.close()
  }

  /** Our kind of error for what SQLite threw. */
  translate(error: unknown): unknown {
    return translate(error, this.file)
  }

  #prepare(text: string): StatementSync {
    const known = this.#prepared.get(text)
    if (known !== undefined) return known
    const oldest = this.#prepared.size >= maxPrepared ? this.#prepared.keys().next().value : undefined
    if (oldest !== undefined) this.#prepared.delete(oldest)
    const statement = this.#db.prepare(text)
    this.#prepared.set(text, statement)
    return statement
  }
}

/** SQLite compiles the first statement and ignores the rest without a word; we do not. */
function refuseTail(text: string, first: string): void {
  const tail = text.slice(text.indexOf(first) + first.length)
  const rest = tail.replace(/\/\*[\s\S]*?\*\/|--[^\n]*|[\s;]+/g, '')
  if (rest === '') return
  throw new InvalidInput(`one statement at a time: ${JSON.stringify(rest.slice(0, 60))} follows the first one`)
}
