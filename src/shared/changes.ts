import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'

/** A key as `shared_state` holds it. */
export interface EntryRow {
  key: string
  value: string
  version: number
  updated_by: string | null
  updated_at: string
  revision: number
}

/** A key as a change finds it. */
export interface Found {
  /** Undefined when the key does not exist. */
  current: EntryRow | undefined
  /** The version that its next change will have. */
  nextVersion: number
}

/** Who changes something, and in which of the caller's transactions, if any. */
export interface Author {
  updatedBy: string | undefined
  transactionId: string | undefined
}

/** How many changes the history keeps at least. */
const keptChanges = 10_000

/** How many changes pass, on average, between two looks at the history's length, and how many then go at once. */
const pruneEvery = 256
const pruneSize = 1000

// A record that other SQL wrote may have no version; it then counts as the column's default.
export const columns = sql`key, value, coalesce(version, 1) as version, updated_by, updated_at, revision`

/**
 * The changes that one transaction makes to shared state: all have its revision, each raises the version of its
 * key by 1, and each goes into the history.
 */
export class Changes {
  readonly #revision: number
  readonly #db: Db
  readonly #author: Author
  /** False when an earlier call in the same transaction took the revision. */
  readonly #isNew: boolean
  #count = 0

  private constructor(db: Db, author: Author, revision: number, isNew: boolean) {
    this.#db = db
    this.#author = author
    this.#revision = revision
    this.#isNew = isNew
  }

  /**
   * Takes the next revision, or the one that the caller's transaction has taken already. Until the transaction
   * ends nobody else can change shared state: the counter's row is the lock.
   */
  static async begin(tx: Db, author: Author): Promise<Changes> {
    const [taken] = await tx.all<{ value: number }>(
      sql`update hivewax_counters set value = value + 1
          where name = 'shared_revision' and not exists (
            select 1 from hivewax_shared_history
            where revision = hivewax_counters.value and transaction_id = ${author.transactionId})
          returning value`,
    )
    if (taken !== undefined) return new Changes(tx, author, taken.value, true)
    const rows = await tx.all<{ value: number }>(
      sql`select value from hivewax_counters where name = 'shared_revision'`,
    )
    return new Changes(tx, author, theRow(rows).value, false)
  }

  /** The revision of the changes made; while there are none, that of the last change before. */
  get revision(): number {
    return this.#count === 0 && this.#isNew ? this.#revision - 1 : this.#revision
  }

  /** A key as it is now. */
  async find(key: string): Promise<Found> {
    const row = theRow(
      await this.#db.all<(EntryRow | { key: null }) & { buried: number | null; floor: number }>(
        sql`select ${columns}, buried, floor
            from (select value as floor from hivewax_counters where name = 'floor') c
            left join (select version as buried from hivewax_shared_tombstones where key = ${key}) t on 1 = 1
            left join shared_state s on s.key = ${key}`,
      ),
    )
    const current = row.key === null ? undefined : row
    // Other SQL may have recreated a deleted key with a lower version.
    const last = Math.max(current?.version ?? 0, row.buried ?? 0)
    return { current, nextVersion: (current === undefined && row.buried === null ? row.floor : last) + 1 }
  }

  async update(key: string, value: string, { nextVersion }: Found): Promise<EntryRow> {
    const { updatedBy, transactionId } = this.#author
    const rows = await this.#db.all<EntryRow>(
      sql`insert into shared_state (key, value, updated_by, version, updated_at, revision)
          values (${key}, ${value}, ${updatedBy}, ${nextVersion}, ${this.#db.dialect.now()}, ${this.#revision})
          on conflict (key) do update set
            value = excluded.value, updated_by = excluded.updated_by, version = excluded.version,
            updated_at = excluded.updated_at, revision = excluded.revision
          returning ${columns}`,
    )
    await this.#db.all(
      sql`insert into hivewax_shared_history
            (revision, key, version, value, updated_by, updated_at, transaction_id)
          select revision, key, version, value, updated_by, updated_at, ${transactionId}
          from shared_state where key = ${key}`,
    )
    this.#count++
    return theRow(rows)
  }

  /** False when there is nothing to delete. */
  async delete(key: string, { current, nextVersion }: Found): Promise<boolean> {
    if (current === undefined) return false
    const { updatedBy, transactionId } = this.#author
    // A trigger notes the version, for any SQL that deletes.
    await this.#db.all(sql`delete from shared_state where key = ${key}`)
    await this.#db.all(
      sql`insert into hivewax_shared_history (revision, key, version, updated_by, updated_at, transaction_id)
          values (${this.#revision}, ${key}, ${nextVersion}, ${updatedBy}, ${this.#db.dialect.now()},
                  ${transactionId})`,
    )
    this.#count++
    return true
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
