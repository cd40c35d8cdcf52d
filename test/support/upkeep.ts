import { MeteredDb } from '../../src/db/decorators/metered.ts'
import { Meter } from '../../src/db/meter.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import { SqliteUpkeep } from '../../src/db/sqlite/upkeep.ts'
import { ReadCache } from '../../src/kv/cache.ts'
import { AccessLog } from '../../src/maintenance/access-log.ts'
import type { Upkeep } from '../../src/maintenance/upkeep-context.ts'
import { loseNodes } from '../../src/topology/losses.ts'
import type { Clock } from '../../src/util/clock.ts'

/** What background work is made of, on a store of its own share; `release` closes it. */
export async function openUpkeep(file: string, clock: Clock): Promise<Upkeep & { release(): Promise<void> }> {
  const { store, release } = await openSqlite(file, {})
  const meter = new Meter(60_000)
  const db = new MeteredDb(store.db(clock), meter)
  const context = {
    db,
    rewriteFiles: undefined,
    storeDb: db,
    clock,
    agentId: undefined,
    heartbeat: async () => {},
    crossDomain: {
      subscribe: fail,
      releaseLapsed: async () => false,
      releaseLost: async () => {},
      loseNodes,
    },
    maxValueBytes: 1024,
    cache: new ReadCache(0, () => {}),
    closing: new AbortController().signal,
    untilDone: <T>(work: Promise<T>) => work,
    revoking: () => {},
    countRead: () => {},
  }
  const engine = new SqliteUpkeep(store, clock, () => true)
  return { context, engine, meter, access: new AccessLog(db, clock, fail), reason: 'a test', release }
}

export function fail(error: unknown): never {
  throw error
}
