import { Busy, Closed, HivewaxError, Storage } from '../../errors.ts'
import type { Clock } from '../../util/clock.ts'
import { Poller } from '../../util/poller.ts'
import { encodeAuthor, upkeep } from '../author.ts'
import type { Caller, Db, Executed, Row } from '../db.ts'
import type { ForeignOptions } from '../foreign-statements.ts'
import { newHints } from '../hints.ts'
import { Scope } from '../scope.ts'
import { type Bound, Compiler, type Param, type Sql, type Statement } from '../sql.ts'
import type { Workplace } from '../worker/offload.ts'
import { queryInProcess } from '../worker/query-process.ts'
import { retryBusy } from './busy.ts'
import { SqliteCommits } from './commits.ts'
import { Connection } from './connection.ts'
import { sqliteBinding, sqliteDialect } from './dialect.ts'
import { mergeLost } from './merge-lost.ts'
import { waitForNamelessLog } from './nameless-log.ts'
import { PlacedFiles, storeGone } from './placed-files.ts'
import { saveLost } from './save-lost.ts'
import { assertSchema, createSchema } from './schema.ts'
import { SqliteDb } from './sqlite-db.ts'
import { renewStatistics } from './statistics.ts'
import { inDoubt } from './translate-error.ts'
import { Writer } from './writer.ts'

/** What each connection may keep of the file in memory; SQLite's own default, 2 MB, halves the speed of a search. */
const pageCacheKiB = 16_384

/**
 * How many pages the write-ahead log holds before they go into the file. With 1,000, SQLite's own default, a
 * stream of small commits spends a fifth of its time on that.
 */
const checkpointPages = 4_000

/**
 * How often to look whether the files are in place though nobody calls, in milliseconds: what waits for a store is to
 * hear of it, and whoever has a deleted log open is to let it go.
 */
const watchMs = 1_000

/** A database file as this process has it open: one connection that writes, one that reads, one queue. */
export class SqliteStore {
  readonly file: string
  readonly files: PlacedFiles
  readonly writer: Writer
  readonly commits: SqliteCommits
  readonly hints = newHints()
  readonly #writing: Connection
  readonly #reading: Connection
  readonly #compiler = new Compiler(sqliteBinding)
  /** Counts the commits of this process that could change memory_store. */
  #memoryCommits = 0
  #memoryTouched = false
  /** Whether the open transaction could have changed anything beside memory_store. */
  #othersTouched = false
  #changes: unknown
  #version: Promise<unknown> | undefined
  #isDurable = true
  /** The error of every call, once a file was found to be gone. */
  #gone: (() => Storage) | undefined
  readonly #lost = new AbortController()
  readonly #watch = new Poller(() => (this.isGone ? undefined : watchMs))
  /** Tries again. Who closed the store has heard why it failed. */
  readonly #merging = new Poller(() =>
    this.#endMerged().then(
      () => undefined,
      () => watchMs,
    ),
  )
  #closed: Promise<void> | undefined
  /** Is called once, when the files are found to be gone. */
  onGone: () => void = () => {}

  private constructor(
    { writing, reading, files }: { writing: Connection; reading: Connection; files: PlacedFiles },
    busyTimeoutMs: number,
  ) {
    this.file = writing.file
    this.files = files
    this.#writing = writing
    this.#reading = reading
    this.writer = new Writer(writing, busyTimeoutMs)
    this.commits = new SqliteCommits(() => this.#foreignVersion())
    this.#watch.within(watchMs)
    this.writer.look = () => this.look()
    this.writer.lookUp = () => {
      this.files.lookUp()
      this.look()
    }
    this.writer.onBegin = () => assertSchema(writing)
    this.writer.onCommit = () => this.#countCommit()
  }

  /** Opens the file and creates or migrates its schema, waiting for others that do the same. */
  static async open(file: string, busyTimeoutMs: number, isPrivate = false): Promise<SqliteStore> {
    const opened: { close(): void }[] = []
    const connect = (readOnly: boolean) =>
      retryBusy(() => {
        const connection = new Connection(file, { readOnly })
        opened.push(connection)
        connection.exec(`pragma cache_size=-${pageCacheKiB}; pragma wal_autocheckpoint=${checkpointPages}`)
        return connection
      }, busyTimeoutMs)
    await waitForNamelessLog(file, busyTimeoutMs)
    try {
      const writing = await connect(false)
      await createSchema(writing, busyTimeoutMs)
      const files = new PlacedFiles(file, isPrivate)
      opened.push(files)
      const reading = await connect(true)
      // It opens the log by its name when it reads for the first time: here, and not when that may be another file.
      await retryBusy(() => reading.value('select 1 from sqlite_schema'), busyTimeoutMs)
      const store = new SqliteStore({ writing, reading, files }, busyTimeoutMs)
      store.look()
      return store
    } catch (error) {
      for (const each of opened) each.close()
      throw error
    }
  }

  /**
   * Throws `store_gone` once a file was deleted or replaced: writes would be lost, and reads be of a store that is no more.
   * From then on every call is refused, and the files are let go.
   */
  look(): void {
    if (this.isGone) throw this.#gone?.()
  }

  /** Whether `look` throws. */
  get isGone(): boolean {
    if (this.#gone !== undefined) return true
    const losses = this.files.losses()
    if (losses.length === 0) return false
    const isSaved = this.files.isLogAlone
    this.#letGo(() => storeGone(losses, isSaved))
    return true
  }

  /** Aborts when the files are found to be gone, with that as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Where a job of its own finds the store. */
  place(): Workplace {
    this.look()
    return { file: this.file, waitMs: this.writer.busyTimeoutMs, files: this.files.ids }
  }

  /** A handle whose times come from `clock`. */
  db(clock: Clock, { author = encodeAuthor(upkeep), signal }: Caller = {}): Db {
    return new SqliteDb(this, { dialect: sqliteDialect(clock), author, signal })
  }

  /** From here on every commit waits for the disk, so that it survives a power cut, or (false) does not. */
  async setDurable(durable: boolean): Promise<void> {
    this.assertOutside()
    // As it was opened most of the time: then there is nothing to wait for the queue with.
    if (durable === this.#isDurable) return
    this.#isDurable = durable
    await this.writer.alone(() => this.exec(`pragma synchronous=${durable ? 'full' : 'normal'}`))
  }

  compile(query: Sql): { statement: Statement; params: Bound[] } {
    return this.#compiler.compile(query)
  }

  /** Runs a reading statement on the reading connection: at once, unless another process is in the way. */
  read<R extends object = Row>(statement: Statement, params: Bound[]): R[] | Promise<R[]> {
    return this.#whenFree(() => this.#reading.run<R>(statement, params))
  }

  /** Runs a statement on the writing connection, inside the transaction that the writer has open. */
  write<R extends object = Row>(statement: Statement, params: Bound[]): R[] {
    if (statement.touchesMemory && !statement.reads) this.#memoryTouched = true
    if (!statement.touchesMemory && !statement.reads) this.#othersTouched = true
    return this.#writing.run<R>(statement, params)
  }

  /** See `Connection.exec`, on the writing connection. */
  exec(text: string): void {
    this.#writing.exec(text)
  }

  /** See `Connection.step`, on the writing connection. */
  step(text: string): void {
    this.#writing.step(text)
  }

  get inTransaction(): boolean {
    return this.#writing.isTransaction
  }

  /** After a full disk SQLite ends the transaction by itself, and the next statement would commit alone. */
  assertTransaction(): void {
    if (this.#writing.isTransaction) return
    throw new Storage('the transaction was rolled back by the database after an earlier error')
  }

  /** SQL from outside on the reading connection; sees every acknowledged write. */
  query(text: string, params: readonly Param[]): Row[] | Promise<Row[]> {
    const bound = this.#compiler.bind(params)
    return this.#whenFree(() => this.#reading.runForeign({ text, params: bound, mode: 'query' }).rows)
  }

  /** The same in a process of its own, which can be ended. */
  async queryApart(text: string, params: readonly Param[], options: ForeignOptions): Promise<Row[]> {
    const statement = { text, params: this.#compiler.bind(params) }
    const rows = await queryInProcess(this.place(), statement, options)
    this.look()
    return rows
  }

  /** A statement of the owner, as a transaction of its own. */
  async execute(text: string, params: readonly Param[]): Promise<Executed> {
    assertSchema(this.#writing)
    const run = () => this.runForeign('execute', text, params)
    try {
      return await retryBusy(run, this.writer.busyTimeoutMs)
    } catch (error) {
      throw inDoubt(error)
    } finally {
      // What fails on the way back to JavaScript, such as a number that it cannot hold, is committed all the same.
      this.#countCommit()
    }
  }

  runForeign(mode: 'query' | 'execute', text: string, params: readonly Param[]): Executed {
    if (mode === 'execute') {
      this.#memoryTouched = true
      this.#othersTouched = true
    }
    return this.#writing.runForeign({ text, params: this.#compiler.bind(params), mode })
  }

  /** See `Db.version`. All calls of a turn share one check, made after the last of them. */
  version(): Promise<unknown> {
    this.#version ??= Promise.resolve().then(() => {
      this.#version = undefined
      return this.#checkVersion()
    })
    return this.#version
  }

  /** Throws inside a transaction of this store: opening and closing handles waits for its end. */
  assertOutside(): void {
    Scope.check(this)
  }

  /** Calls that were accepted are done first. Later calls resolve with the first one. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    await this.writer.close(() => this.#gone?.() ?? new Closed('the store is closed'))
    await this.#watch.stop()
    const { files } = this
    if (this.isGone && files.isLogMergeable) return this.#endMerged()
    try {
      const connections = { writing: this.#writing, reading: this.#reading }
      if (files.isLogAlone) await saveLost({ files, ...connections }, this.writer.busyTimeoutMs)
      else if (!this.isGone) renewStatistics(this.#writing)
    } finally {
      this.#letFilesGo()
    }
  }

  /** Lets a log that was deleted go when it is merged. Until then, be it for want of room, it is kept. */
  async #endMerged(): Promise<void> {
    try {
      await mergeLost(this.#writing, this.writer.busyTimeoutMs)
    } catch (error) {
      this.#merging.within(watchMs)
      throw error
    }
    this.#letFilesGo()
  }

  /**
   * The last connection to close merges the log into the file, unless it can only read. That saves what is in a log that
   * was deleted; but where another log has taken its place, the file may hold what others have stored through that.
   */
  #letFilesGo(): void {
    const merges = this.files.isLogMergeable
    const [first, last] = merges ? [this.#reading, this.#writing] : [this.#writing, this.#reading]
    first.close()
    last.close()
    this.files.close()
  }

  #letGo(gone: () => Storage): void {
    this.#gone = gone
    this.#lost.abort(gone())
    this.onGone()
    // Whoever closes the store hears of what fails in it.
    this.close().catch(() => {})
  }

  #whenFree<T>(attempt: () => T): T | Promise<T> {
    const run = () => {
      this.look()
      return attempt()
    }
    try {
      return run()
    } catch (error) {
      if (!(error instanceof Busy)) throw this.#explain(error)
    }
    return retryBusy(run, this.writer.busyTimeoutMs)
  }

  /** A statement may fail because a newer program has changed the tables: then that is what to say. */
  #explain(error: unknown): unknown {
    if (error instanceof HivewaxError && error.code === 'store_gone') return error
    assertSchema(this.#reading)
    return error
  }

  /** Changes with the commits of other connections, in whichever process; ours on this one do not move it. */
  #foreignVersion(): unknown {
    this.look()
    return this.#writing.value('pragma data_version')
  }

  /** Commits of other processes move SQLite's own counter; ours are counted. */
  #checkVersion(): unknown {
    try {
      return `${this.#foreignVersion()} ${this.#memoryCommits}`
    } catch (error) {
      if (error instanceof Busy) return Symbol('unknown')
      throw error
    }
  }

  /** Whether any row was changed since this was asked last: else followers that write would wake each other for ever. */
  #hasChanged(): boolean {
    const before = this.#changes
    this.#changes = this.#writing.value('select total_changes()')
    return this.#changes !== before
  }

  #countCommit(): void {
    if (this.#memoryTouched) this.#memoryCommits++
    if (this.#hasChanged() && this.#othersTouched) this.commits.add()
    this.#memoryTouched = false
    this.#othersTouched = false
  }
}
