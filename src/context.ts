import type { Db } from './db/db.ts'
import type { EventRecord, SubscribeOptions } from './events/events.ts'
import type { ReadCache } from './kv/cache.ts'
import type { RepairedTopology } from './topology/losses.ts'
import type { Clock } from './util/clock.ts'

/** What domains call of each other. They import only each other's types: the store puts it together. */
export interface CrossDomain {
  /** See {@link Events.subscribe}. */
  readonly subscribe: (context: Context, options: SubscribeOptions) => AsyncIterable<EventRecord>
  /** Releases what agents hold that have lapsed; true when there were some. See {@link Agents.releaseLapsed}. */
  readonly releaseLapsed: (context: Context) => Promise<boolean>
  /** Does so for those whose processes are over, before a list tells of what they hold. */
  readonly releaseLost: (context: Context) => Promise<void>
  /** Takes nodes out of every topology within `tx`; `source` is who ended them, for the events. */
  readonly loseNodes: (tx: Db, lost: readonly string[], source: string) => Promise<RepairedTopology[]>
}

/** What a domain gets to work with: one handle's view of the store. */
export interface Context {
  readonly db: Db
  /**
   * The same database in nobody's name, for upkeep that a call does by the way. Undefined where a call must write
   * nothing of its own: in a caller's transaction, and in a memory that is only read.
   */
  readonly storeDb: Db | undefined
  /**
   * Rewrites the files of the store, so that nothing of what is deleted is left in them. Undefined in a caller's
   * transaction.
   */
  readonly rewriteFiles: (() => Promise<void>) | undefined
  readonly clock: Clock
  /** Who acts through this handle, when it said so. */
  readonly agentId: string | undefined
  /**
   * Notes that an agent acts through a handle that need not be its own: a sign of life, within `db`, at most once in
   * an interval. Nothing happens for an agent that is not registered.
   */
  readonly heartbeat: (db: Db, agentId: string) => Promise<void>
  readonly crossDomain: CrossDomain
  /** Names the caller's transaction, savepoints included, that this handle works in; absent outside of any. */
  readonly transactionId?: string
  /** The largest JSON text of one value, in bytes. */
  readonly maxValueBytes: number
  /** What `retrieve` keeps in this process's memory, for all handles of the store. */
  readonly cache: ReadCache
  /** Aborted when the handle begins to close: what is handed to `db` at that moment is still done. */
  readonly closing: AbortSignal
  /** Has the handle closed only when this work has ended, as it must by itself soon after `closing` aborts. */
  readonly untilDone: <T>(work: Promise<T>) => Promise<T>
  /** Tells the doors of this process that a token is being revoked, so that what its holder has under way ends at once. */
  readonly revoking: (id: string, done: Promise<unknown>) => void
  /** Notes that a key was read, for `getHotKeys`; costs no write now. */
  readonly countRead: (namespace: string, key: string) => void
}
