import { Busy, InvalidInput, Unsupported } from '../../errors.ts'
import type { Clock } from '../../util/clock.ts'
import { type ReadOnly, refusal } from '../../util/write-refusal.ts'
import { encodeAuthor, upkeep } from '../author.ts'
import type { Caller, Db, Row } from '../db.ts'
import type { ForeignOptions } from '../foreign-statements.ts'
import { newHints } from '../hints.ts'
import { schemaId } from '../migrations/index.ts'
import { type Bound, Compiler, type Param, type Sql, type Statement } from '../sql.ts'
import type { Workplace } from '../worker/offload.ts'
import { queryInProcess } from '../worker/query-process.ts'
import { retryBusy } from './busy.ts'
import { SqliteCommits } from './commits.ts'
import type { Connection } from './connection.ts'
import { sqliteBinding, sqliteDialect } from './dialect.ts'
import { ReadingDb } from './reading-db.ts'
import { assertSchema, holdsStore } from './schema.ts'
import { UnwrittenFile } from './unwritten-file.ts'

/** A database file that this process only reads: nothing of it is created, upgraded or written. */
export class ReadingStore {
  readonly file: string
  readonly why: ReadOnly
  readonly hints = newHints()
  readonly commits: SqliteCommits
  readonly busyTimeoutMs: number
  readonly #source: UnwrittenFile
  readonly #compiler = new Compiler(sqliteBinding)

  private constructor(source: UnwrittenFile, why: ReadOnly, busyTimeoutMs: number) {
    this.file = source.file
    this.why = why
    this.busyTimeoutMs = busyTimeoutMs
    this.#source = source
    this.commits = new SqliteCommits(() => this.#version())
  }

  /**
   * @param file the real path of a file that exists
   * @throws Unsupported for a store of another schema, which would have to be upgraded first, or this program
   */
  static async open(file: string, why: ReadOnly, busyTimeoutMs: number): Promise<ReadingStore> {
    const source = new UnwrittenFile(file)
    try {
      await retryBusy(() => source.read(assertCurrent), busyTimeoutMs)
      return new ReadingStore(source, why, busyTimeoutMs)
    } catch (error) {
      source.close()
      throw error
    }
  }

  /** A handle whose times come from `clock`. */
  db(clock: Clock, { author = encodeAuthor(upkeep), signal }: Caller = {}): Db {
    return new ReadingDb(this, { dialect: sqliteDialect(clock), author, signal })
  }

  compile(query: Sql): { statement: Statement; params: Bound[] } {
    return this.#compiler.compile(query)
  }

  /** Runs a reading statement: at once, unless others are in the way. */
  read<R extends object = Row>(statement: Statement, params: Bound[]): R[] | Promise<R[]> {
    return this.#whenFree(connection => connection.run<R>(statement, params))
  }

  /** SQL from outside. */
  query(text: string, params: readonly Param[]): Row[] | Promise<Row[]> {
    const bound = this.#compiler.bind(params)
    return this.#whenFree(connection => connection.runForeign({ text, params: bound, mode: 'query' }).rows)
  }

  /** The same in a process of its own, which can be ended. */
  queryApart(text: string, params: readonly Param[], options: ForeignOptions): Promise<Row[]> {
    const statement = { text, params: this.#compiler.bind(params) }
    return this.#inPlace(queryInProcess(this.place(), statement, options))
  }

  /** Nothing is written that would need a turn. */
  get writer(): { busyTimeoutMs: number; alone: () => Promise<never> } {
    const { busyTimeoutMs } = this
    return { busyTimeoutMs, alone: () => Promise.reject(refusal(this.why)) }
  }

  exec(): never {
    throw refusal(this.why)
  }

  /** Where a job of its own finds the store. */
  place(): Workplace {
    this.#source.follow()
    return { file: this.#source.location, waitMs: this.busyTimeoutMs }
  }

  /** @throws Busy when others have written what a job takes for steady */
  look(): void {
    this.#source.assertSteady()
  }

  /** See `Db.version`. */
  version(): unknown {
    try {
      return this.#version()
    } catch (error) {
      if (error instanceof Busy) return Symbol('unknown')
      throw error
    }
  }

  async close(): Promise<void> {
    this.#source.close()
  }

  /** What a job has read counts only if nobody has written what it took for steady. */
  async #inPlace<T>(job: Promise<T>): Promise<T> {
    const result = await job
    this.look()
    return result
  }

  #version(): unknown {
    const changes = this.#source.read(connection => connection.value('pragma data_version'))
    return `${changes} ${this.#source.openings}`
  }

  #whenFree<T>(use: (connection: Connection) => T): T | Promise<T> {
    const attempt = () => this.#source.read(use)
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof Busy)) throw error
    }
    return retryBusy(attempt, this.busyTimeoutMs)
  }
}

function assertCurrent(connection: Connection): void {
  const { file } = connection
  if (!holdsStore(connection))
    throw new InvalidInput(`${file} holds no store yet`, { hint: 'Open it once without readOnly.' })
  assertSchema(connection)
  const id = Number(connection.value('pragma user_version'))
  if (id === schemaId) return
  throw new Unsupported(`${file} has schema ${id}, and this hivewax reads schema ${schemaId} only`, {
    hint: 'Open it once with an account that may write it: that upgrades it. Or use a copy that you may write.',
  })
}
