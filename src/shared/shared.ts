import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { type Batch, follow } from '../db/follow.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { Conflict, isTransient } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { currentRevision, readHistory, readRevisions } from './change-history.ts'
import { hasPrefix } from './key-range.ts'
import { checkShared } from './option-names.ts'
import { readShared } from './read-shared.ts'
import { columns, type EntryRow, type KeyState, SharedChanges } from './shared-changes.ts'
import {
  anyLapsed,
  checkGrant,
  extendLease,
  findLease,
  type GrantLeaseOptions,
  insertLease,
  isThere,
  listLeases,
  type SharedLease,
} from './shared-leases.ts'
import { holds, type Plan, plan, type Step } from './transact.ts'

/** A key of the shared state. */
export interface SharedEntry {
  key: string
  value: Json
  /** Rises by exactly 1 with every change of the key, deletes included, and is never used twice. */
  version: number
  updatedBy: string | undefined
  updatedAt: Date
  /** The revision of the whole shared state that set it; 0 when other SQL wrote the record. */
  revision: number
  /** What it is bound to: when this lease lapses or is revoked, the key is gone. Undefined: to none. */
  leaseId: string | undefined
  /** Who wrote it, as the store knows it; undefined when that is not known. */
  author: Author | undefined
}

/** A change of one key. */
export interface SharedChange {
  key: string
  version: number
  /** Undefined when the key was deleted. */
  value: Json | undefined
  deleted: boolean
  updatedBy: string | undefined
  updatedAt: Date
  revision: number
  /** Who made it, as the store knows it; undefined when that is not known. */
  author: Author | undefined
}

/** All changes of one transaction to the keys that are watched, by key and version. */
export interface SharedRevision {
  revision: number
  changes: SharedChange[]
}

export interface UpdateSharedOptions {
  /** Who makes the change. Default: the handle's agent. */
  updatedBy?: string | undefined
  /** Change only what has this version, 0 for a key that must not exist; else Conflict. */
  expectedVersion?: number | undefined
  /** The id of the lease that the key is bound to from now on. Default: it is bound to none any more. */
  lease?: string | undefined
}

export interface DeleteSharedOptions {
  /** Who deletes. Default: the handle's agent. */
  updatedBy?: string | undefined
  /** Delete only what has this version; else Conflict. */
  expectedVersion?: number | undefined
}

/** A page of keys, and the revision that it shows: watch from that of the first page to miss nothing. */
export interface SharedPage extends Page<SharedEntry> {
  revision: number
}

export interface WatchOptions {
  /** Start after this revision. Default: with the next change after the call. */
  since?: number | undefined
  /** Ends the watch, without an error. */
  signal?: AbortSignal | undefined
}

/**
 * Holds when the key has this version (0: does not exist), this value, or both; while the token's holder has the
 * lock, so that a former holder changes nothing; or while there is such a lease.
 */
export type SharedCondition =
  | { key: string; version?: number | undefined; value?: unknown }
  | { lock: string; token: number }
  | { lease: string }

/** One step of a conditional transaction; each first field names its key. */
export type SharedStep =
  | { update: string; value: unknown; lease?: string | undefined }
  | { delete: string }
  | { get: string }

export interface SharedTransaction {
  /** All must hold for `then` to be done. */
  if?: readonly SharedCondition[] | undefined
  then?: readonly SharedStep[] | undefined
  /** What is done when a condition does not hold. */
  else?: readonly SharedStep[] | undefined
  /** Who makes the changes. Default: the handle's agent. */
  updatedBy?: string | undefined
}

/** What a conditional transaction has done. */
export interface SharedOutcome {
  /** True when all conditions held and `then` was done, not `else`. */
  succeeded: boolean
  /** The revision of its changes; the current one when it changed nothing. */
  revision: number
  /** One per step: the entry of an update or get (undefined: no such key), whether a delete found its key. */
  results: (SharedEntry | boolean | undefined)[]
}

/** State that all agents share: versioned keys, a revision per transaction, and every change to be followed. */
export class SharedState {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Sets a key, whichever caller set it before, unless `expectedVersion` says otherwise.
   * @throws NotFound when there is no such `lease`
   */
  async update(key: string, value: unknown, options: UpdateSharedOptions = {}): Promise<SharedEntry> {
    checkShared.update(options)
    checkName('key', key)
    const expected = checkVersion(options.expectedVersion, 0)
    const text = encodeJson('value', value, this.#context.maxValueBytes)
    const lease = options.lease === undefined ? undefined : checkName('lease', options.lease)
    return this.#change(options.updatedBy, async changes => {
      const found = await changes.find(key)
      assertVersion(key, found, expected)
      return fromRow(await changes.update(key, found, { value: text, leaseId: lease }))
    })
  }

  /** The entry of a key, or undefined when there is none. */
  async get(key: string): Promise<SharedEntry | undefined> {
    const row = await readShared<EntryRow>(
      this.#context.db,
      sql`select ${columns} from shared_state
          where key = ${checkName('key', key)} and ${isThere(this.#context.db.dialect)}`,
    )
    return row && fromRow({ ...row, key })
  }

  /** The entries whose key begins with `prefix` (default: all), by key, and the revision that they show. */
  async list(prefix = '', options: PageOptions = {}): Promise<SharedPage> {
    checkShared.list(options)
    const limit = pageLimit(options.limit)
    const [after] = cursorPosition(options.cursor, 1) ?? []
    const range = hasPrefix(prefix, after === undefined ? undefined : String(after))
    const found = await this.#context.db.all<{ head: number } & (EntryRow | { key: null })>(
      sql`select head, e.* from (select value as head from hivewax_counters where name = 'shared_revision') r
          left join (
            select ${columns} from shared_state
            where ${range} and ${isThere(this.#context.db.dialect)}
            order by key limit ${limit + 1}
          ) e on 1 = 1 order by key`,
    )
    const rows = found.filter(row => row.key !== null)
    return {
      ...toPage(rows, limit, { item: fromRow, position: row => [row.key] }),
      revision: theRow(found).head,
    }
  }

  /** Deletes a key. False when there was none; with `expectedVersion` that is a Conflict. */
  async delete(key: string, options: DeleteSharedOptions = {}): Promise<boolean> {
    checkShared.delete(options)
    checkName('key', key)
    const expected = checkVersion(options.expectedVersion, 1)
    return this.#change(options.updatedBy, async changes => {
      const found = await changes.find(key)
      assertVersion(key, found, expected)
      return changes.delete(key)
    })
  }

  /**
   * The changes of a key, newest first, deletes included: of all keys at least the latest 10,000 are kept. That a
   * lease took the key with it is among them once a process has noticed.
   */
  async history(key: string, options: PageOptions = {}): Promise<Page<SharedChange>> {
    checkShared.history(options)
    return readHistory(this.#context.db, checkName('key', key), options)
  }

  /**
   * Does the steps of `then` when all conditions hold, else those of `else`: no other change comes between
   * looking and doing, and all changes have one revision. Up to 1,000 conditions, and as many steps.
   */
  async transact(transaction: SharedTransaction): Promise<SharedOutcome> {
    checkShared.transact(transaction)
    const planned = plan(transaction, this.#context.maxValueBytes)
    return this.#change(transaction.updatedBy, (changes, tx) => run(planned, changes, tx))
  }

  /**
   * The changes of keys that begin with `prefix`, by any process, in order, each once, a whole revision at a time,
   * until `signal` aborts. Go on after a restart with `since`: the last revision that was handled. What is
   * returned can be iterated once, and not inside a transaction; closing the memory ends it with Closed. SQL that
   * writes the table by itself is not noticed.
   * @throws NotFound `compacted`, with the floor, when changes that should follow were pruned: at least the
   *   latest 10,000 are there. Read the state anew, then watch from its revision
   */
  watch(prefix = '', options: WatchOptions = {}): AsyncIterable<SharedRevision> {
    checkShared.watch(options)
    hasPrefix(prefix)
    const since = options.since === undefined ? undefined : checkInteger('since', options.since, 0)
    const start = since === undefined ? currentRevision(this.#context.db) : Promise.resolve(since)
    // An iterator gets the error; without one no caller waits for it.
    start.catch(() => {})
    return this.#deliver(start, prefix, options.signal)
  }

  /**
   * Makes a lease that keys can be bound to, as `update(key, value, { lease: id })`. It lapses `ttlMs` after this
   * or the last {@link SharedState.keepAlive}; its keys are then absent at once for every reader. A process that writes,
   * watches or does the upkeep next records their deletes, all under one revision.
   * @throws Conflict when there is a lease of this id
   */
  async grantLease(options: GrantLeaseOptions): Promise<SharedLease> {
    checkShared.grantLease(options)
    const { agentId, clock } = this.#context
    const grant = checkGrant(options, { id: uuidv7(clock.now()), owner: agentId })
    // As a change, which removes the keys of a lapsed lease of the same id before there is a new one.
    return this.#change(undefined, (_, tx) => insertLease(tx, grant))
  }

  /**
   * Lets a lease last for its whole `ttlMs` from now.
   * @throws NotFound when it has lapsed or was revoked: its keys are gone
   */
  async keepAlive(id: string): Promise<SharedLease> {
    return extendLease(this.#context.db, checkName('id', id))
  }

  /** Ends a lease and deletes the keys that are bound to it, under one revision. False when there was none. */
  async revokeLease(id: string): Promise<boolean> {
    checkName('id', id)
    return this.#change(undefined, changes => changes.revoke(id))
  }

  /** A lease, or undefined when it has lapsed, was revoked or never was. */
  async lease(id: string): Promise<SharedLease | undefined> {
    return findLease(this.#context.db, checkName('id', id))
  }

  /** The leases that have not lapsed, by id. */
  async leases(options: PageOptions = {}): Promise<Page<SharedLease>> {
    checkShared.leases(options)
    return listLeases(this.#context.db, options)
  }

  /**
   * Records the deletes of keys whose leases have lapsed, if that was not done yet. Any write and any watch does so too:
   * this is for upkeep.
   */
  async removeLapsed(): Promise<void> {
    const { db } = this.#context
    const found = await db.all<{ lapsed: number }>(sql`select ${anyLapsed(db.dialect)} as lapsed`)
    if (theRow(found).lapsed === 1) await this.#change(undefined, async () => {})
  }

  async *#deliver(start: Promise<number>, prefix: string, signal: AbortSignal | undefined) {
    const { db } = this.#context
    yield* follow(db, after => this.#read(prefix, after), { start: await start, signal })
  }

  /** What follows `after`; should a lease have lapsed, what came of it too. */
  async #read(prefix: string, after: number): Promise<Batch<SharedRevision>> {
    const read = await readRevisions(this.#context.db, prefix, after)
    if (!read.lapsed) return read
    try {
      await this.removeLapsed()
    } catch (error) {
      // Others are writing: one of them removes the keys, or the next read does.
      if (!isTransient(error)) throw error
    }
    return readRevisions(this.#context.db, prefix, after)
  }

  async #change<T>(
    updatedBy: string | undefined,
    fn: (changes: SharedChanges, tx: Db) => Promise<T>,
  ): Promise<T> {
    const { db, agentId, transactionId } = this.#context
    const author = {
      updatedBy: updatedBy === undefined ? agentId : checkName('updatedBy', updatedBy),
      transactionId,
    }
    return db.transaction(async tx => {
      const changes = await SharedChanges.begin(tx, author)
      const result = await fn(changes, tx)
      await changes.end()
      return result
    })
  }
}

async function run(planned: Plan, changes: SharedChanges, tx: Db): Promise<SharedOutcome> {
  let succeeded = true
  for (const condition of planned.conditions) succeeded &&= await holds(condition, changes, tx)
  const results: SharedOutcome['results'] = []
  for (const step of succeeded ? planned.steps : planned.otherwise) results.push(await take(step, changes))
  return { succeeded, revision: changes.revision, results }
}

async function take(step: Step, changes: SharedChanges): Promise<SharedEntry | boolean | undefined> {
  if (step.do === 'delete') return changes.delete(step.key)
  const found = await changes.find(step.key)
  if (step.do === 'update') {
    return fromRow(await changes.update(step.key, found, { value: step.text, leaseId: step.lease }))
  }
  return found.current && fromRow(found.current)
}

function checkVersion(version: number | undefined, min: number): number | undefined {
  return version === undefined ? undefined : checkInteger('expectedVersion', version, min)
}

function assertVersion(key: string, { current }: KeyState, expected: number | undefined): void {
  const version = current?.version ?? 0
  if (expected === undefined || expected === version) return
  throw new Conflict(`shared key ${JSON.stringify(key)} has version ${version}, not ${expected}`, {
    hint: version === 0 ? 'It does not exist.' : 'Read it again, then decide anew.',
    details: { key, version, value: current && fromRow(current).value },
  })
}

export function fromRow(row: EntryRow): SharedEntry {
  verified('shared_state', row)
  return {
    key: row.key,
    value: decodeLoose(row.value),
    version: row.version,
    updatedBy: row.updated_by ?? undefined,
    updatedAt: toDate(row.updated_at),
    revision: row.revision,
    leaseId: row.lease_id ?? undefined,
    author: decodeAuthor(row.author),
  }
}
