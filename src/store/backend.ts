import { isIncomplete, progressTable } from '../db/copy/incomplete-copy.ts'
import type { Db } from '../db/db.ts'
import type { Engine } from '../db/engine.ts'
import { openSqlite } from '../db/sqlite/open-sqlite.ts'
import { SqliteUpkeep } from '../db/sqlite/upkeep.ts'
import type { Clock } from '../util/clock.ts'
import type { OpenOptions } from './open-options.ts'

/** A store as its engine has opened it. */
export interface Backend {
  /** Where it is, without secrets. */
  readonly url: string
  db(clock: Clock): Db
  engine(clock: Clock, isOpen: () => boolean): Engine
  /** Aborts when the files of the store are found to be gone. Absent where it has none. */
  readonly lost?: AbortSignal
  /** Throws inside a transaction of this store. */
  assertOutside(): void
  release(): Promise<void>
}

export async function openFile(file: string, options: OpenOptions): Promise<Backend> {
  const { store, release } = await openSqlite(file, options)
  const text = `select 1 from sqlite_schema where name = '${progressTable}'`
  const isHalf = (await store.read({ text, reads: true, touchesMemory: false }, [])).length > 0
  if (isHalf) {
    await release()
    throw isIncomplete(store.file)
  }
  return {
    url: store.file,
    lost: store.lost,
    db: clock => store.db(clock),
    engine: (clock, isOpen) => new SqliteUpkeep(store, clock, isOpen),
    assertOutside: () => store.assertOutside(),
    release,
  }
}

/** PostgreSQL and its driver are loaded for those only who use them. */
export async function openPostgres(url: string, options: OpenOptions): Promise<Backend> {
  const { PostgresStore } = await import('../db/postgres/postgres-store.ts')
  const { PostgresUpkeep } = await import('../db/postgres/upkeep.ts')
  const store = await PostgresStore.open(url, options)
  const text = `select 1 where to_regclass('${progressTable}') is not null`
  const isHalf = (await store.use(client => client.query(text))).rows.length > 0
  if (isHalf) {
    await store.close()
    throw isIncomplete(store.url)
  }
  return {
    url: store.url,
    db: clock => store.db(clock),
    engine: (clock, isOpen) => new PostgresUpkeep(store, clock, isOpen),
    assertOutside: () => store.assertOutside(),
    release: () => store.close(),
  }
}
