import { EventEmitter } from 'node:events'
import { Heartbeats } from '../agents/heartbeat.ts'
import { releaseLapsed, releaseLost } from '../agents/holdings.ts'
import { FencedDb } from '../agents/incarnation.ts'
import type { Context, CrossDomain } from '../context.ts'
import type { Db } from '../db/db.ts'
import { ClosableDb } from '../db/decorators/closable.ts'
import { MeteredDb } from '../db/decorators/metered.ts'
import { Meter } from '../db/meter.ts'
import { Events } from '../events/events.ts'
import { ReadCache } from '../kv/cache.ts'
import { AccessLog } from '../maintenance/access-log.ts'
import { Background } from '../maintenance/background.ts'
import { Maintenance } from '../maintenance/maintenance.ts'
import { Memory, type MemoryEvents } from '../memory.ts'
import { recordsOf } from '../records.ts'
import { loseNodes } from '../topology/losses.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import { defaultMaxValueBytes } from '../util/json.ts'
import { outsideAsyncContext } from '../util/outside-async-context.ts'
import { type Acting, authorOf } from './acting.ts'
import type { Backend } from './backend.ts'
import { Lifecycle } from './lifecycle.ts'
import { actingAgent, type OpenOptions } from './open-options.ts'

export interface StoreOptions extends OpenOptions {
  /** Why the store is where it is. */
  reason: string
}

const defaultCacheBytes = 16 * 1024 * 1024

const crossDomain: CrossDomain = {
  subscribe: (context, options) => new Events(context).subscribe(options),
  releaseLapsed: async context => (await releaseLapsed(context)).length > 0,
  releaseLost,
  loseNodes,
}

/** What the handles of one `openMemory` have in common: they live, count and close together. */
export class Store {
  readonly #backend: Backend
  readonly #clock: Clock
  readonly #life = new Lifecycle()
  readonly #emitter = new EventEmitter()
  readonly #meter: Meter
  readonly #access: AccessLog
  readonly #heartbeats: Heartbeats
  /** What the contexts of all handles are made from; it also serves the upkeep, which acts as no agent. */
  readonly #context: Context
  /** The upkeep as it is asked for through a handle, which does it in the name of no agent. */
  readonly #maintenance: (db: Db) => Maintenance
  readonly #background: Background | undefined
  /** Who acts unless a handle says otherwise. */
  readonly #agentId: string | undefined
  #closed: Promise<void> | undefined

  constructor(backend: Backend, options: StoreOptions) {
    const clock = options.clock ?? systemClock
    const plain = backend.db(clock)
    this.#backend = backend
    this.#clock = clock
    this.#meter = new Meter(options.slowQueryMs ?? 100)
    this.#meter.onSlow = (query, durationMs) => this.#emit('slow_query', query, durationMs)
    const db = this.#guarded(plain)
    // On the plain database: reads counted before `close` are written during it.
    this.#access = new AccessLog(plain, clock, this.#onError)
    this.#heartbeats = new Heartbeats(db, clock, this.#onError)
    this.#agentId = actingAgent(options)
    this.#context = this.#contextOn(db, options)
    backend.lost?.addEventListener('abort', () => this.#endUpkeep(backend.lost?.reason))
    const engine = backend.engine(clock, this.#life.isOpen)
    const parts = { engine, meter: this.#meter, access: this.#access, reason: options.reason }
    this.#maintenance = db => new Maintenance({ ...parts, context: { ...this.#context, db } })
    if (options.background === false || !plain.supports.writing) return
    const context = { ...this.#context, db: plain }
    this.#background = new Background({ ...parts, context }, { onError: this.#onError })
  }

  /** A handle for whoever acts through it. Default: the agent that the options name, else none. */
  memory(acting: Acting = { agentId: this.#agentId, via: 'library' }): Memory {
    const author = authorOf(acting)
    const db = this.#guarded(this.#backend.db(this.#clock, { author, signal: acting.signal }))
    return new Memory({
      records: recordsOf(this.#contextOf(db, acting)),
      maintenance: this.#maintenance(db),
      emitter: this.#emitter,
      url: this.#backend.url,
      isReadOnly: this.#backend.readOnly !== undefined,
      agentId: acting.agentId,
      as: (agentId, { incarnation } = {}) => this.memory({ ...acting, agentId, incarnation }),
      through: door => this.memory({ ...acting, ...door }),
      until: signal => this.memory({ ...acting, signal }),
      close: () => this.close(),
    })
  }

  /** Closes all handles, once the work under way has ended. Later calls resolve with the first one. */
  async close(): Promise<void> {
    if (this.#closed === undefined) this.#backend.assertOutside()
    this.#closed ??= this.#end()
    await this.#closed
  }

  async #end(): Promise<void> {
    await this.#life.end()
    await this.#background?.stop()
    await this.#access.close()
    await this.#backend.release()
  }

  /** What is done in the background would only fail from now on. */
  #endUpkeep(reason: unknown): void {
    this.#emit('store_gone', reason)
    outsideAsyncContext(() => Promise.all([this.#background?.stop(), this.#access.close()])).catch(
      this.#onError,
    )
  }

  #contextOn(db: Db, options: StoreOptions): Context {
    return {
      db,
      storeDb: db.supports.writing ? db : undefined,
      rewriteFiles: async () => {
        await this.#maintenance(db).vacuum({ full: true })
      },
      clock: this.#clock,
      crossDomain,
      heartbeat: (inDb, agentId) => this.#heartbeats.note(inDb, agentId),
      agentId: undefined,
      maxValueBytes: options.maxValueBytes ?? defaultMaxValueBytes,
      cache: new ReadCache(options.cacheBytes ?? defaultCacheBytes, isHit => this.#meter.countLookup(isHit)),
      closing: this.#life.closing,
      untilDone: this.#life.untilDone,
      revoking: (id, done) => this.#emit('token_revoking', id, done),
      countRead:
        options.countReads === false || !db.supports.writing
          ? () => {}
          : (namespace, key) => this.#access.count(namespace, key),
    }
  }

  #contextOf(db: Db, { agentId, incarnation }: Acting): Context {
    if (agentId === undefined) return { ...this.#context, db }
    checkName('agentId', agentId)
    // Who only reads gives no sign of life.
    if (!db.supports.writing) return { ...this.#context, agentId, db }
    const actingDb = this.#heartbeats.of(agentId, db)
    if (incarnation === undefined) return { ...this.#context, agentId, db: actingDb }
    checkInteger('incarnation', incarnation, 0)
    return { ...this.#context, agentId, db: new FencedDb(actingDb, { agentId, incarnation }) }
  }

  #guarded(db: Db): Db {
    return new MeteredDb(new ClosableDb(db, this.#life.isOpen), this.#meter)
  }

  readonly #onError = (error: unknown): void => this.#emit('background_error', error)

  /** A listener that throws must not fail the write that it is called for, which may be committed. */
  #emit(name: keyof MemoryEvents, ...args: unknown[]): void {
    queueMicrotask(() => this.#emitter.emit(name, ...args))
  }
}
