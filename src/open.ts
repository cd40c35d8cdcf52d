import { EventEmitter } from 'node:events'
import { Heartbeats } from './agents/heartbeat.ts'
import { FencedDb } from './agents/incarnation.ts'
import type { Context, Others } from './context.ts'
import type { Db } from './db/db.ts'
import { ClosableDb } from './db/decorators/closable.ts'
import { MeteredDb } from './db/decorators/metered.ts'
import type { Engine } from './db/engine.ts'
import { Meter } from './db/meter.ts'
import type { PostgresOptions } from './db/postgres/options.ts'
import { openSqlite, type SqliteOptions } from './db/sqlite/open.ts'
import { SqliteUpkeep } from './db/sqlite/upkeep.ts'
import { Unsupported } from './errors.ts'
import { Events } from './events/events.ts'
import { isServer, locate, prepareSwarmFolder } from './location.ts'
import { AccessLog } from './maintenance/access.ts'
import { Background } from './maintenance/background.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import { type ActingOptions, Memory, type MemoryEvents } from './memory.ts'
import { recordsOf } from './records.ts'
import { loseNodes } from './topology/losses.ts'
import { checkInteger, checkName, checkNumber, checkOneOf } from './util/check.ts'
import { type Clock, systemClock } from './util/clock.ts'
import { defaultMaxValueBytes, maxMaxValueBytes } from './util/json.ts'

export interface OpenOptions extends SqliteOptions, PostgresOptions {
  /** Who acts through this handle. Default: HIVEWAX_AGENT, else nobody in particular. */
  agentId?: string | undefined
  /** For the URL of a server: what proves who calls. Default: HIVEWAX_TOKEN, or the file HIVEWAX_TOKEN_FILE. */
  token?: string | undefined
  /** Statements slower than this raise `slow_query`, in milliseconds. Default 100. */
  slowQueryMs?: number | undefined
  /** The largest JSON text of one value, in bytes. Default 1 MiB, up to 64 MiB. */
  maxValueBytes?: number | undefined
  /** How much recently read values may take in this process, in bytes. Default 16 MiB; 0 turns it off. */
  cacheBytes?: number | undefined
  /** Clean up and index in the background, when no other process does. Default true; off for one-shot programs. */
  background?: boolean | undefined
  /** Count what `retrieve` reads, for `getHotKeys`. Default true. */
  countReads?: boolean | undefined
  /** Where the time comes from; for tests. */
  clock?: Clock | undefined
}

/**
 * Opens the memory, creating it when it does not exist.
 * @param location a file path, `:memory:` for a private one that ends with the handle, or nothing for the
 *   project's own: HIVEWAX_URL, else `.swarm/config.json`, else `.swarm/memory.db` at the project's root
 * @throws InvalidInput `foreign_store` for a database of another program, Unsupported for a newer store,
 *   Storage when the file or its folder may not be written, Corrupt when it is damaged
 */
export async function openMemory(location?: string, options: OpenOptions = {}): Promise<Memory> {
  checkOptions(options)
  const { url, reason } = locate(location)
  if (/^postgres(ql)?:\/\//i.test(url)) return assemble(await openPostgres(url, options), reason, options)
  if (/^https?:\/\//i.test(url)) return openServer(url, options)
  if (isServer(url)) {
    throw new Unsupported(
      `cannot open ${url.replace(/:\/\/.*@/, '://…@')}: only files, :memory:, postgres:// and http:// are supported`,
    )
  }
  prepareSwarmFolder(url)
  return assemble(await openFile(url, options), reason, options)
}

/** A store as any engine has opened it. */
interface OpenStore {
  /** Where it is, without secrets. */
  url: string
  db(clock: Clock): Db
  engine(clock: Clock, isOpen: () => boolean): Engine
  /** Throws inside a transaction of this store. */
  assertOutside(): void
  release(): Promise<void>
}

async function openFile(file: string, options: OpenOptions): Promise<OpenStore> {
  const { store, release } = await openSqlite(file, options)
  return {
    url: store.file,
    db: clock => store.db(clock),
    engine: (clock, isOpen) => new SqliteUpkeep(store, clock, isOpen),
    assertOutside: () => store.assertOutside(),
    release,
  }
}

async function openPostgres(url: string, options: OpenOptions): Promise<OpenStore> {
  const { PostgresStore } = await import('./db/postgres/server.ts')
  const { PostgresUpkeep } = await import('./db/postgres/upkeep.ts')
  const store = await PostgresStore.open(url, options)
  return {
    url: store.url,
    db: clock => store.db(clock),
    engine: (clock, isOpen) => new PostgresUpkeep(store, clock, isOpen),
    assertOutside: () => store.assertOutside(),
    release: () => store.close(),
  }
}

/** The client is loaded by those only who use it. */
async function openServer(url: string, options: OpenOptions): Promise<Memory> {
  const { openRemote } = await import('./client/open.ts')
  const agentId = options.agentId ?? (process.env.HIVEWAX_AGENT || undefined)
  return openRemote(url, { ...options, agentId })
}

const others: Others = {
  subscribe: (context, options) => new Events(context).subscribe(options),
  loseNodes,
}

function assemble(store: OpenStore, reason: string, options: OpenOptions): Memory {
  const clock = options.clock ?? systemClock
  const emitter = new EventEmitter()
  // A listener that throws must not fail what it hears of, which may be committed.
  const tell = (name: keyof MemoryEvents, ...args: unknown[]) =>
    queueMicrotask(() => emitter.emit(name, ...args))
  const meter = new Meter(options.slowQueryMs ?? 100)
  meter.onSlow = (query, durationMs) => tell('slow_query', query, durationMs)
  const ending = new AbortController()
  const working = new Set<Promise<unknown>>()
  const untilDone = <T>(work: Promise<T>): Promise<T> => {
    const done = work.catch(() => {}).finally(() => working.delete(done))
    working.add(done)
    return work
  }
  let isOpen = true
  // Not gated: what was counted before `close` is written during it.
  const inner = store.db(clock)
  const closable = new ClosableDb(inner, () => isOpen)
  const db = new MeteredDb(closable, meter)
  const onError = (error: unknown) => tell('background_error', error)
  const access = new AccessLog(inner, clock, onError)
  const heartbeats = new Heartbeats(db, clock, onError)
  const context: Context = {
    db,
    clock,
    others,
    signOfLife: (inDb, agentId) => heartbeats.note(inDb, agentId),
    agentId: options.agentId ?? (process.env.HIVEWAX_AGENT || undefined),
    maxValueBytes: options.maxValueBytes ?? defaultMaxValueBytes,
    cacheBytes: options.cacheBytes ?? 16 * 1024 * 1024,
    closing: ending.signal,
    untilDone,
    countRead: options.countReads === false ? () => {} : (namespace, key) => access.count(namespace, key),
    countLookup: isHit => meter.countLookup(isHit),
  }
  const acting = (agentId: string, { incarnation }: ActingOptions = {}): Context => {
    const own = heartbeats.of(checkName('agentId', agentId))
    if (incarnation === undefined) return { ...context, agentId, db: own }
    checkInteger('incarnation', incarnation, 0)
    return { ...context, agentId, db: new FencedDb(own, { agentId, incarnation }) }
  }
  const engine = store.engine(clock, () => isOpen)
  const upkeep = { context, engine, meter, access, reason }
  const maintenance = new Maintenance(upkeep)
  const upkeepOfAll = { ...upkeep, context: { ...context, db: inner } }
  const background = options.background === false ? undefined : new Background(upkeepOfAll, { onError })
  const finish = async () => {
    ending.abort()
    if (working.size > 0) await Promise.all(working)
    isOpen = false
    await background?.stop()
    await access.close()
    await store.release()
  }
  let closing: Promise<void> | undefined
  const close = async () => {
    if (closing === undefined) store.assertOutside()
    closing ??= finish()
    await closing
  }
  const handle = (own: Context): Memory =>
    new Memory({
      records: recordsOf(own),
      maintenance,
      emitter,
      url: store.url,
      as: (agentId, options) => handle(acting(agentId, options)),
      close,
    })
  return handle(context.agentId === undefined ? context : acting(context.agentId))
}

function checkOptions(options: OpenOptions): void {
  if (options.durability !== undefined) checkOneOf('durability', options.durability, ['full', 'normal'])
  if (options.agentId !== undefined) checkName('agentId', options.agentId)
  if (process.env.HIVEWAX_AGENT) checkName('HIVEWAX_AGENT', process.env.HIVEWAX_AGENT)
  if (options.maxValueBytes !== undefined)
    checkInteger('maxValueBytes', options.maxValueBytes, 1, maxMaxValueBytes)
  if (options.cacheBytes !== undefined) checkInteger('cacheBytes', options.cacheBytes, 0)
  if (options.slowQueryMs !== undefined) checkNumber('slowQueryMs', options.slowQueryMs, 0)
  if (options.busyTimeoutMs !== undefined) checkInteger('busyTimeoutMs', options.busyTimeoutMs, 0)
}
