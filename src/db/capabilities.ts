import type { Commits } from './db.ts'

/**
 * What a handle on a database can do. Every member of `Db` is always there; these say which of them are more than a
 * formality. They are data, so that a decorator hands them on whole and says what it changes.
 */
export interface Capabilities {
  /** True where `Db.version` tells cheaply whether what was read may still be true. */
  readonly version: boolean
  /** True where `Db.commits` rises soon after a commit; otherwise only reading again shows what others did. */
  readonly commits: boolean
  /**
   * True where calls made at once may share a transaction and gain by it, since each statement is a round trip to a
   * server. `TransactionOptions.last` is heeded there only.
   */
  readonly batching: boolean
  /**
   * True where others can write while a caller's transaction is open: what it reads by a key has to be locked by
   * `Dialect.lockKeys` first.
   */
  readonly recordLocks: boolean
  /** False where the store is only read, and every write is refused. */
  readonly writing: boolean
}

/** What handles inside of a transaction can do, unless they say otherwise. */
export const transactionCapabilities: Capabilities = {
  version: false,
  commits: false,
  batching: false,
  recordLocks: false,
  writing: true,
}

/** The `Db.commits` of a handle that hears of none. */
export const noCommits: Commits = { count: 0, wait: () => () => {} }
