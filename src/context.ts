import type { Db } from './db/db.ts'
import type { Clock } from './util/clock.ts'

/** What a domain gets to work with: one handle's view of the store. */
export interface Context {
  readonly db: Db
  readonly clock: Clock
  /** Who acts through this handle, when it said so. */
  readonly agentId: string | undefined
  /** Names the caller's transaction, savepoints included, that this handle works in; absent outside of any. */
  readonly transactionId?: string
  /** The largest JSON text of one value, in bytes. */
  readonly maxValueBytes: number
  /** How much `retrieve` may keep in this process's memory, in bytes of JSON; 0 turns the cache off. */
  readonly cacheBytes: number
  /** Notes that a key was read, for `getHotKeys`; costs no write now. */
  readonly countRead: (namespace: string, key: string) => void
  /** Notes whether `retrieve` was answered from this process's memory, for `analyzePerformance`. */
  readonly countLookup: (isHit: boolean) => void
}
