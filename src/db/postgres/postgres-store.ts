import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient, QueryResult } from 'pg'
import { Storage, Unsupported } from '../../errors.ts'
import type { Clock } from '../../util/clock.ts'
import { WriteGate } from '../../util/write-gate.ts'
import { askedFor, type ReadOnly } from '../../util/write-refusal.ts'
import { encodeAuthor, upkeep } from '../author.ts'
import type { Caller, Db, Executed, Row } from '../db.ts'
import { type ForeignOptions, inSlot, timeLimit } from '../foreign-statements.ts'
import { newHints } from '../hints.ts'
import { Scope } from '../scope.ts'
import { type Bound, Compiler, type Param, type Sql, type Statement } from '../sql.ts'
import { type Access, accessOf } from './access.ts'
import { type Cancellable, cancel } from './cancel.ts'
import { isFollowed, PostgresCommits } from './commits.ts'
import { Connections } from './connections.ts'
import { checkText, readAll } from './cursor.ts'
import { postgresBinding, postgresDialect } from './dialect.ts'
import type { Mode } from './error-meanings.ts'
import { readApart } from './foreign-connection.ts'
import { type Listening, notifying } from './listener.ts'
import { PostgresDb } from './postgres-db.ts'
import type { PostgresOptions } from './postgres-options.ts'
import { noReader } from './reader-role.ts'
import { assertReadable, createSchema, isStandby } from './schema.ts'
import { refuseControl } from './transaction-control.ts'
import { inDoubt, isCollision, isRepeatable, translate } from './translate-error.ts'
import { Wait } from './wait-limit.ts'

/** How often a collision with another transaction is tried again before the caller hears of it. */
const maxAttempts = 10

/** The longest pause between two attempts, in milliseconds. */
const maxPauseMs = 250

/** Why nothing can be written to a server that follows another one. */
const standby: ReadOnly = {
  why: 'the server is a standby',
  hint: 'Name the primary in the URL; after a fail-over open the memory again.',
}

/** Statements that a connection keeps prepared. */
const maxNamed = 500

/** A store in a PostgreSQL database: a pool of connections. */
export class PostgresStore {
  /** The URL without its password. */
  readonly url: string
  readonly commits: PostgresCommits
  readonly hints = newHints()
  readonly #pg: Driver
  readonly #access: Access
  readonly #connections: Connections
  readonly #busyTimeoutMs: number
  /** How much is under way, and who waits for the end of the last. */
  #underWay = 0
  #allEnded: (() => void) | undefined
  #isClosing = false
  #readOnly: ReadOnly | undefined
  /** Reads go first that are to be over before anything more is written. */
  readonly writes = new WriteGate()
  readonly #compiler = new Compiler(postgresBinding)
  readonly #names = new Map<string, string>()
  /** Connections that a statement of a caller's own has run on, and has left who knows what. */
  readonly #spent = new WeakSet<PoolClient>()

  private constructor(pg: Driver, access: Access, { max, busyTimeoutMs }: PoolOptions) {
    this.#pg = pg
    this.#access = access
    this.url = access.shownUrl
    this.#connections = new Connections(pg, access.own, { max, url: this.url })
    this.#busyTimeoutMs = busyTimeoutMs
    const channel = pg.escapeIdentifier(`hivewax ${access.schema}`)
    this.commits = new PostgresCommits(
      {
        connect: () => new pg.Client(access.own) as Listening,
        notify: () => this.use(async client => void (await client.query(notifying(channel)))),
      },
      channel,
    )
  }

  /**
   * Connects, and creates or migrates the tables.
   * @param isReadOnly true to write nothing; so it is on a standby, too
   */
  static async open(url: string, options: PostgresOptions = {}, isReadOnly = false): Promise<PostgresStore> {
    const pg = await loadDriver()
    const { maxConnections: max = 10, busyTimeoutMs = 5_000 } = options
    const access = accessOf(pg, { url, ...options, busyTimeoutMs, isReadOnly })
    const { schema } = access
    const store = new PostgresStore(pg, access, { max, busyTimeoutMs })
    try {
      const prepare = (client: PoolClient) => store.#prepare(client, schema, isReadOnly)
      await store.again(wait => store.use(prepare, wait))
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async #prepare(client: PoolClient, schema: string, isReadOnly: boolean): Promise<void> {
    if (isReadOnly) this.#readOnly = askedFor
    else if (await isStandby(client)) this.#readOnly = standby
    return this.#readOnly === undefined ? createSchema(client, schema) : assertReadable(client, schema)
  }

  /** Why nothing can be written; undefined where it can. */
  get readOnly(): ReadOnly | undefined {
    return this.#readOnly
  }

  db(clock: Clock, { author = encodeAuthor(upkeep), signal }: Caller = {}): Db {
    return new PostgresDb(this, { dialect: postgresDialect(clock), author, signal })
  }

  compile(query: Sql): Compiled {
    return this.#compiler.compile(query)
  }

  bind(params: readonly Param[]): Bound[] {
    return this.#compiler.bind(params)
  }

  /** Runs one statement on any connection, again when another transaction was in its way or it was not stored. */
  async run(statement: Statement, params: Bound[], signal?: AbortSignal): Promise<Row[]> {
    if (!statement.reads) await this.writes.ready()
    const attempt = (wait: Wait) =>
      this.use(
        client => this.cancellable(client, signal, () => this.#alone(client, { statement, params }, wait)),
        wait,
      )
    const rows = await this.again(attempt, { signal })
    if (isFollowed(statement)) this.commits.add()
    return rows
  }

  /** A statement is a transaction by itself, unless it writes and must say first that it may wait for less. */
  async #alone(client: PoolClient, { statement, params }: Compiled, wait: Wait): Promise<Row[]> {
    try {
      if (statement.reads || !wait.isUnderWay) return await this.runOn(client, statement, params)
      this.begin(client, wait.begin)
      return await this.runAndCommit(client, statement, params)
    } catch (error) {
      throw statement.reads ? error : inDoubt(error)
    }
  }

  async runOn(client: PoolClient, { text }: Statement, params: Bound[]): Promise<Row[]> {
    // What a caller has prepared could bear the name of one of ours.
    const named = this.#spent.has(client) ? {} : this.#named(text)
    const result = await this.#ask(client, { text, values: params, ...named }, 'own')
    return result.rows
  }

  /** Runs one statement of the owner's own. */
  async executeForeign(client: PoolClient, text: string, params: readonly Param[]): Promise<Executed> {
    checkText(text)
    refuseControl(text)
    this.#spent.add(client)
    // In the extended protocol a text is one statement, which cannot end the transaction that a second one is in.
    const query = { text, values: this.bind(params), queryMode: 'extended' }
    const result = await this.#ask(client, query, 'execute')
    return { rows: result.rows, changes: result.command === 'SELECT' ? 0 : (result.rowCount ?? 0) }
  }

  /** Runs one statement of a caller's own that only reads, within a transaction that only reads. */
  async readForeign(client: PoolClient, text: string, params: readonly Param[]): Promise<Row[]> {
    checkText(text)
    this.#spent.add(client)
    return this.#translated('query', () => readAll(client, { text, params: this.bind(params) }, false))
  }

  /** Runs one statement of a caller's own that only reads, by itself and where none of ours ever runs. */
  async readApart(text: string, params: readonly Param[], options: ForeignOptions): Promise<Row[]> {
    checkText(text)
    const { owner, reader } = this.#access
    const as = options.caller === undefined ? owner : reader
    if (as === undefined) throw noReader()
    const statement = { text, params: this.bind(params) }
    return inSlot(options, limit => {
      const run = { ...as, timeoutMs: timeLimit(options), limit }
      const attempt = () => this.#translated('query', () => readApart(this.#pg, statement, run))
      return this.again(attempt, { signal: limit })
    })
  }

  /** Runs statements of ours that return nothing. */
  async command(client: PoolClient, text: string): Promise<void> {
    try {
      await client.query(text)
    } catch (error) {
      throw translate(error, this.url, 'own')
    }
  }

  /** Ends a transaction. What the server did not confirm may be stored or not. */
  async commit(client: PoolClient): Promise<void> {
    try {
      const { command } = await client.query('commit')
      if (command === 'ROLLBACK')
        throw new Storage('nothing was stored: a statement of the transaction failed')
    } catch (error) {
      throw inDoubt(translate(error, this.url, 'own'))
    }
  }

  /** Begins a transaction by this command. It is sent with the first statement; what fails with it fails too. */
  begin(client: PoolClient, text: string): Promise<void> {
    sendTogether(client)
    const begun = this.command(client, text)
    begun.catch(() => {})
    return begun
  }

  /** Ends a transaction with a statement, unless that fails. Both are sent at once. */
  async runAndCommit(client: PoolClient, statement: Statement, params: Bound[]): Promise<Row[]> {
    sendTogether(client)
    const ran = this.runOn(client, statement, params)
    const [run, commit] = await Promise.allSettled([ran, this.commit(client)])
    if (run.status === 'rejected') throw inDoubt(run.reason)
    if (commit.status === 'rejected') throw commit.reason
    return run.value
  }

  /** Lends a connection for statements alone: whatever fails in `fn` is the server's error. */
  async use<T>(fn: (client: PoolClient) => Promise<T>, wait?: Wait): Promise<T> {
    return this.lend(async client => {
      try {
        return await fn(client)
      } catch (error) {
        throw translate(error, this.url, 'own')
      }
    }, wait)
  }

  /** Lends a connection, for which the call waits no longer than `wait` says. */
  async lend<T>(
    fn: (client: PoolClient) => Promise<T>,
    wait: Wait = new Wait(this.#busyTimeoutMs),
  ): Promise<T> {
    return this.#counted(async () => {
      const client = await this.#connect(wait)
      let failure: unknown
      try {
        return await fn(client)
      } catch (error) {
        failure = error
        throw error
      } finally {
        this.#connections.giveBack(client, failure, this.#spent.has(client))
      }
    })
  }

  async #connect(wait: Wait): Promise<PoolClient> {
    try {
      return await this.#connections.take(wait)
    } catch (error) {
      throw translate(error, this.url, 'own')
    }
  }

  /**
   * Runs what may be run again until no other transaction is in its way, and when the connection broke before
   * anything was stored, until the server is back; neither for longer than the call may wait.
   */
  async again<T>(
    attempt: (wait: Wait) => Promise<T>,
    { mayRepeat = () => true, signal }: AgainOptions = {},
  ): Promise<T> {
    const wait = new Wait(this.#busyTimeoutMs, signal)
    let collisions = 0
    const isWorthIt = (error: unknown) =>
      isCollision(error)
        ? ++collisions < maxAttempts
        : isRepeatable(error) && !this.#isClosing && wait.leftMs > 0
    return this.#counted(async () => {
      for (let count = 1; ; count++) {
        try {
          return await attempt(wait)
        } catch (error) {
          if (signal?.aborted || !mayRepeat() || !isWorthIt(error)) throw error
          await sleep(Math.random() * Math.min(2 ** count, maxPauseMs))
        }
      }
    })
  }

  /**
   * Has the server end what `run` does on a connection when `signal` aborts, which is known when `run` settles: it may
   * have been done. The connection is closed then.
   */
  async cancellable<T>(
    client: PoolClient,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const stop = () => {
      this.#spent.add(client)
      void cancel(client as unknown as Cancellable, new this.#pg.Client(this.#access.own))
    }
    signal?.throwIfAborted()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await run()
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Whether transactions, of whichever process, have waited so long for locks that this connection holds. */
  async holdsUp(client: PoolClient, ms: number): Promise<boolean> {
    const { processID } = client as unknown as Cancellable
    const { rows } = await this.use(other =>
      other.query(
        `select 1 from pg_locks
         where not granted and waitstart < clock_timestamp() - $2 * interval '1 ms'
           and $1 = any(pg_blocking_pids(pid)) limit 1`,
        [processID, ms],
      ),
    )
    return rows.length > 0
  }

  /** Keeps the pool open until `run` ends. */
  async #counted<T>(run: () => Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await run()
    } finally {
      if (--this.#underWay === 0) this.#allEnded?.()
    }
  }

  assertOutside(): void {
    Scope.check(this)
  }

  /** Waits for what is under way: a pool that ends leaves those without an answer who wait for a connection. */
  async close(): Promise<void> {
    this.#isClosing = true
    while (this.#underWay > 0) {
      await new Promise<void>(resolve => {
        this.#allEnded = resolve
      })
    }
    await this.commits.close()
    await this.#connections.end()
  }

  async #ask(
    client: PoolClient,
    query: { text: string; values: Bound[]; name?: string; queryMode?: string },
    mode: Mode,
  ): Promise<QueryResult> {
    return this.#translated(mode, () => client.query(query))
  }

  async #translated<T>(mode: Mode, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      throw translate(error, this.url, mode)
    }
  }

  /** Statements of ours come again and again: each connection prepares them once. */
  #named(text: string): { name?: string } {
    const known = this.#names.get(text)
    if (known !== undefined) return { name: known }
    if (this.#names.size >= maxNamed) return {}
    const name = `hivewax_${this.#names.size}`
    this.#names.set(text, name)
    return { name }
  }
}

/** Sends what is asked for before the event loop goes on in one piece. */
function sendTogether(client: PoolClient): void {
  const { stream } = client.connection
  stream.cork()
  process.nextTick(() => stream.uncork())
}

interface AgainOptions {
  /** Asked after a failure. Default: it may. */
  readonly mayRepeat?: () => boolean
  /** Aborts when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
}

interface PoolOptions {
  max: number
  busyTimeoutMs: number
}

interface Compiled {
  statement: Statement
  params: Bound[]
}

type Driver = typeof import('pg')

/** The driver is needed by those only who use PostgreSQL, who install it beside hivewax. */
async function loadDriver(): Promise<Driver> {
  try {
    const { default: pg } = await import('pg')
    return pg as unknown as Driver
  } catch (cause) {
    throw new Unsupported('PostgreSQL needs the package pg, which is not installed', {
      hint: 'Install it beside hivewax: npm install pg',
      cause,
    })
  }
}
