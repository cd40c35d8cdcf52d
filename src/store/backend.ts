import { isIncomplete, progressTable } from '../db/copy/incomplete-copy.ts'
import type { Caller, Db } from '../db/db.ts'
import type { Engine } from '../db/engine.ts'
import { readingEngine } from '../db/reading-engine.ts'
import { openReading, openSqlite } from '../db/sqlite/open-sqlite.ts'
import { SqliteUpkeep, type UpkeepStore } from '../db/sqlite/upkeep.ts'
import { whyReadOnly } from '../db/sqlite/write-access.ts'
import type { Clock } from '../util/clock.ts'
import type { ReadOnly } from '../util/write-refusal.ts'
import { isReadOnly, type OpenOptions, readerRole } from './open-options.ts'

/** A store as its engine has opened it. */
export interface Backend {
  /** Where it is, without secrets. */
  readonly url: string
  /** Why nothing can be written; undefined where it can. */
  readonly readOnly: ReadOnly | undefined
  db(clock: Clock, caller?: Caller): Db
  engine(clock: Clock, isOpen: () => boolean): Engine
  /** Aborts when the files of the store are found to be gone. Absent where it has none. */
  readonly lost?: AbortSignal
  /** Throws inside a transaction of this store. */
  assertOutside(): void
  release(): Promise<void>
}

export async function openFile(file: string, options: OpenOptions): Promise<Backend> {
  const why = whyReadOnly(file, isReadOnly(options))
  if (why !== undefined) return openToRead(file, why, options)
  const { store, release } = await openSqlite(file, options)
  await assertComplete(store, release)
  return {
    url: store.file,
    readOnly: undefined,
    lost: store.lost,
    db: (clock, caller) => store.db(clock, caller),
    engine: (clock, isOpen) => new SqliteUpkeep(store, clock, isOpen),
    assertOutside: () => store.assertOutside(),
    release,
  }
}

async function assertComplete(store: UpkeepStore, release: () => Promise<void>): Promise<void> {
  const text = `select 1 from sqlite_schema where name = '${progressTable}'`
  if ((await store.read({ text, reads: true, touchesMemory: false }, [])).length === 0) return
  await release()
  throw isIncomplete(store.file)
}

async function openToRead(file: string, why: ReadOnly, options: OpenOptions): Promise<Backend> {
  const store = await openReading(file, why, options)
  await assertComplete(store, () => store.close())
  return {
    url: store.file,
    readOnly: why,
    db: (clock, caller) => store.db(clock, caller),
    engine: (clock, isOpen) => readingEngine(new SqliteUpkeep(store, clock, isOpen), why),
    assertOutside: () => {},
    release: () => store.close(),
  }
}

/** PostgreSQL and its driver are loaded for those only who use them. */
export async function openPostgres(url: string, options: OpenOptions): Promise<Backend> {
  const { PostgresStore } = await import('../db/postgres/postgres-store.ts')
  const { PostgresUpkeep } = await import('../db/postgres/upkeep.ts')
  const reader = readerRole(options)
  const store = await PostgresStore.open(url, { ...options, reader }, isReadOnly(options))
  const text = `select 1 where to_regclass('${progressTable}') is not null`
  const isHalf = (await store.use(client => client.query(text))).rows.length > 0
  if (isHalf) {
    await store.close()
    throw isIncomplete(store.url)
  }
  const { readOnly } = store
  return {
    url: store.url,
    readOnly,
    db: (clock, caller) => store.db(clock, caller),
    engine: (clock, isOpen) => {
      const engine = new PostgresUpkeep(store, clock, isOpen)
      return readOnly === undefined ? engine : readingEngine(engine, readOnly)
    },
    assertOutside: () => store.assertOutside(),
    release: () => store.close(),
  }
}
