import { encodeAuthor, upkeep } from '../db/author.ts'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { anyLapsed, deleteLapsed, deleteLease, isThere, requireLease } from './shared-leases.ts'

/** A key as `shared_state` holds it. */
export interface EntryRow {
  key: string
  value: string
  version: number
  updated_by: string | null
  updated_at: string
  revision: number
  lease_id: string | null
  author: string | null
  crc: number | null
}

/** A key as a change finds it. */
export interface KeyState {
  /** Undefined when the key does not exist. */
  current: EntryRow | undefined
  /** The version that its next change will have. */
  nextVersion: number
}

/** What a key is to hold. */
interface NewEntry {
  /** JSON text. */
  value: string
  /** What the key is bound to from now on, if to any lease. */
  leaseId: string | undefined
}

interface KeyStateRow {
  /** The version at which the key was deleted last. */
  buried: number | null
  floor: number
  /** 0 when the lease of the key has lapsed. */
  there: number
}

/** Whom the caller names as the one who changes something, and in which of its transactions, if any. */
export interface ChangedBy {
  updatedBy: string | undefined
  transactionId: string | undefined
}

/** In whose name keys are deleted. */
interface Remover {
  updatedBy: string | undefined
  author: string
}

/** Of keys whose time is over, whichever call notices it. */
const nobody: Remover = { updatedBy: undefined, author: encodeAuthor(upkeep) }

/** How many changes the history keeps at least. */
const keptChanges = 10_000

/** How many changes pass, on average, between two looks at the history's length, and how many then go at once. */
const pruneEvery = 256
const pruneSize = 1000

// A record that other SQL wrote may have no version; it then counts as the column's default.
export const columns = sql`key, value, coalesce(version, 1) as version, updated_by, updated_at, revision, lease_id, author, crc`

/**
 * The changes that one transaction makes to shared state: all have its revision, each raises the version of its
 * key by 1, and each goes into the history.
 */
export class SharedChanges {
  readonly #revision: number
  readonly #db: Db
  readonly #by: ChangedBy
  /** False when an earlier call in the same transaction took the revision. */
  readonly #isNew: boolean
  #count = 0

  private constructor(db: Db, by: ChangedBy, { revision, isNew }: { revision: number; isNew: boolean }) {
    this.#db = db
    this.#by = by
    this.#revision = revision
    this.#isNew = isNew
  }

  /**
   * Takes the next revision, or the one that the caller's transaction has taken already. Until the transaction
   * ends no other one can change shared state: the counter's row is the lock. The keys of leases that have lapsed
   * are removed under the same revision.
   */
  static async begin(tx: Db, by: ChangedBy): Promise<SharedChanges> {
    const lapsed = anyLapsed(tx.dialect)
    const [taken] = await tx.all<{ value: number; lapsed: number }>(
      sql`update hivewax_counters set value = value + 1
          where name = 'shared_revision' and not exists (
            select 1 from hivewax_shared_history
            where revision = hivewax_counters.value and transaction_id = ${by.transactionId})
          returning value, ${lapsed} as lapsed`,
    )
    const counter =
      taken ??
      theRow(
        await tx.all<{ value: number; lapsed: number }>(
          sql`select value, ${lapsed} as lapsed from hivewax_counters where name = 'shared_revision'`,
        ),
      )
    const changes = new SharedChanges(tx, by, { revision: counter.value, isNew: taken !== undefined })
    if (counter.lapsed === 1) await changes.#removeLapsed()
    return changes
  }

  /** The revision of the changes made; while there are none, that of the last change before. */
  get revision(): number {
    return this.#count === 0 && this.#isNew ? this.#revision - 1 : this.#revision
  }

  /** A key as it is now. */
  async find(key: string): Promise<KeyState> {
    const row = theRow(
      await this.#db.all<(EntryRow | { key: null; lease_id: null }) & KeyStateRow>(
        sql`select ${columns}, buried, floor, case when ${isThere(this.#db.dialect)} then 1 else 0 end as there
            from (select value as floor from hivewax_counters where name = 'floor') c
            left join (select version as buried from hivewax_shared_tombstones where key = ${key}) t on 1 = 1
            left join shared_state on shared_state.key = ${key}`,
      ),
    )
    if (row.there === 0) {
      // Its lease lapsed a moment ago, or other SQL deleted the lease.
      await this.#removeLapsed()
      await this.#remove(sql`lease_id = ${row.lease_id}`, nobody)
      return this.find(key)
    }
    const current = row.key === null ? undefined : row
    // Other SQL may have recreated a deleted key with a lower version.
    const last = Math.max(current?.version ?? 0, row.buried ?? 0)
    return { current, nextVersion: (current === undefined && row.buried === null ? row.floor : last) + 1 }
  }

  /**
   * Gives a key that was found in this state another value.
   * @throws NotFound when the lease has lapsed
   */
  async update(key: string, { nextVersion }: KeyState, { value, leaseId }: NewEntry): Promise<EntryRow> {
    const { updatedBy, transactionId } = this.#by
    const { author } = this.#db
    if (leaseId !== undefined) await requireLease(this.#db, leaseId)
    const crc = this.#db.dialect.checksum('shared_state', 'crc', {
      key,
      value,
      updated_by: updatedBy,
      author,
    })
    const rows = await this.#db.all<EntryRow>(
      sql`insert into shared_state (key, value, updated_by, version, updated_at, revision, lease_id, author, crc)
          values (${key}, ${value}, ${updatedBy}, ${nextVersion}, ${this.#db.dialect.now()}, ${this.#revision},
                  ${leaseId}, ${author}, ${crc})
          on conflict (key) do update set
            value = excluded.value, updated_by = excluded.updated_by, version = excluded.version,
            updated_at = excluded.updated_at, revision = excluded.revision, lease_id = excluded.lease_id,
            author = excluded.author, crc = excluded.crc
          returning ${columns}`,
    )
    await this.#db.all(
      sql`insert into hivewax_shared_history
            (revision, key, version, value, updated_by, updated_at, author, crc, transaction_id)
          select revision, key, version, value, updated_by, updated_at, author, crc, ${transactionId}
          from shared_state where key = ${key}`,
    )
    this.#count++
    return theRow(rows)
  }

  /** False when there is nothing to delete. */
  async delete(key: string): Promise<boolean> {
    return (await this.#remove(sql`key = ${key}`, this.#caller)) > 0
  }

  /** Deletes a lease with all keys that are bound to it. False when there was none. */
  async revoke(leaseId: string): Promise<boolean> {
    const found = await deleteLease(this.#db, leaseId)
    if (found) await this.#remove(sql`lease_id = ${leaseId}`, this.#caller)
    return found
  }

  /** No caller deletes these keys: their time is over. */
  async #removeLapsed(): Promise<void> {
    const ids = await deleteLapsed(this.#db)
    if (ids.length > 0) await this.#remove(this.#db.dialect.inList(sql`lease_id`, ids), nobody)
  }

  get #caller(): Remover {
    return { updatedBy: this.#by.updatedBy, author: this.#db.author }
  }

  async #remove(which: Sql, { updatedBy, author }: Remover): Promise<number> {
    const { dialect } = this.#db
    const rows = await this.#db.all<{ key: string }>(
      sql`delete from shared_state where ${which} returning key`,
    )
    if (rows.length === 0) return 0
    // A trigger has noted the versions, as it does for any SQL that deletes.
    await this.#db.all(
      sql`insert into hivewax_shared_history (revision, key, version, updated_by, updated_at, author, transaction_id)
          select ${this.#revision}, key, version, ${updatedBy}, ${dialect.now()}, ${author},
                 ${this.#by.transactionId}
          from hivewax_shared_tombstones where ${dialect.inList(
            sql`key`,
            rows.map(({ key }) => key),
          )}`,
    )
    this.#count += rows.length
    return rows.length
  }

  /** Ends the changes. Revisions have no gaps: one that nothing was written under is given back. */
  async end(): Promise<void> {
    if (this.#count === 0 && this.#isNew) {
      await this.#db.all(sql`update hivewax_counters set value = value - 1 where name = 'shared_revision'`)
    }
    // By chance, since no process knows of all changes: however they are spread, more goes than comes.
    if (Math.random() * pruneEvery < this.#count) await this.#prune()
  }

  /** Deletes the oldest changes beyond those to be kept: whole revisions, and only some of them at a time. */
  async #prune(): Promise<void> {
    const { kept, batch } = theRow(
      await this.#db.all<{ kept: number | null; batch: number | null }>(
        sql`select
              (select revision from hivewax_shared_history
               order by revision desc limit 1 offset ${keptChanges - 1}) as kept,
              (select revision from hivewax_shared_history order by revision limit 1 offset ${pruneSize - 1}) as batch`,
      ),
    )
    if (kept === null || batch === null) return
    const floor = Math.min(kept - 1, batch)
    await this.#db.all(sql`delete from hivewax_shared_history where revision <= ${floor}`)
    await this.#db.all(
      sql`update hivewax_counters set value = ${floor} where name = 'shared_floor' and value < ${floor}`,
    )
  }
}
