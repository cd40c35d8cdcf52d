import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { deleteRecorded } from '../db/history/delete-recorded.ts'
import { type Redacted, type RedactOptions, redactRecord } from '../db/history/redact.ts'
import { type PastOptions, pastOf } from '../db/history/version-at.ts'
import { allLocked, oneLocked } from '../db/locked-records.ts'
import { type Sql, sql } from '../db/sql.ts'
import { keepTallyUp } from '../db/tallies.ts'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkNames, describe } from '../util/check.ts'
import { ttlMs } from '../util/duration.ts'
import { checkGlob } from '../util/glob.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { type JsonChange, jsonDiff } from '../util/json-diff.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { checkTime, toOptionalDate } from '../util/time.ts'
import { clearNamespace } from './clear-namespace.ts'
import { countNamespaces, type NamespaceCount } from './namespaces.ts'
import { checkKv } from './option-names.ts'
import { keyHistory, type MemoryVersion, recordAt, recordBy, recordKey } from './past.ts'
import {
  type Address,
  address,
  columns,
  type DeletedRow,
  defaultNamespace,
  fromRow,
  isLive,
  type MemoryRecord,
  type MemoryRow,
} from './record.ts'
import { afterCursor, searchKeys, wantedKeys } from './search.ts'
import { searchPast } from './search-past.ts'

export type { Redacted } from '../db/history/redact.ts'
export type { JsonChange } from '../util/json-diff.ts'
export type { MemoryVersion } from './past.ts'
export type { MemoryRecord } from './record.ts'

/** Where a key lives. */
export interface NamespaceOption {
  /** 1 to 128 bytes. Default `default`. */
  namespace?: string | undefined
}

export type HistoryOptions = NamespaceOption & PageOptions

export interface RevertOptions extends NamespaceOption {
  /** The change whose value is to be stored again. */
  revision: number
}

export type RedactKeyOptions = NamespaceOption & RedactOptions

/** Which two values of a key are compared. */
export interface DiffOptions extends NamespaceOption {
  /** The revision to begin with. */
  from: number
  /** The revision that it is compared with. Default: what the key holds now. */
  to?: number | undefined
}

/** How two values of a key differ. */
export interface KeyDiff {
  from: number
  to: number
  /** A JSON Patch (RFC 6902) that makes the second of the first, with what was there before; empty where they are the same. */
  changes: JsonChange[]
}

/** Which of the values that a key has held. */
export type ReadOptions = NamespaceOption & PastOptions

export interface StoreOptions extends NamespaceOption {
  /** Seconds until the record expires; fractions allowed. Without `ttl` or `expiresAt` it never does. */
  ttl?: number | undefined
  /** The moment the record expires, instead of `ttl`. */
  expiresAt?: Date | undefined
  /** Anything worth keeping beside the value. */
  metadata?: unknown
  /** Store only when the key is absent; else Conflict. */
  ifAbsent?: boolean | undefined
  /** Store only when the record has this revision (0: is absent); else Conflict with the current one. */
  expectedRevision?: number | undefined
}

export interface SearchOptions extends PageOptions {
  /** Where to look; `'*'` is everywhere. Default `default`. */
  namespace?: string | undefined
  /** What there was at that moment, of which the history keeps the latest versions of each key. Default: what there is now. */
  asOf?: Date | undefined
}

export type { NamespaceCount } from './namespaces.ts'

/** Key-value memory: JSON values under a key and a namespace, with expiry and compare-and-set. */
export class Kv {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Stores a value, replacing the whole record: a former expiry or metadata does not live on.
   * @returns the record's new revision
   */
  async store(key: string, value: unknown, options: StoreOptions = {}): Promise<{ revision: number }> {
    checkKv.store(options)
    const at = address(key, options.namespace)
    const expected = expectedRevision(options)
    const text = encodeJson('value', value, this.#context.maxValueBytes)
    const metadata = this.#encodeMetadata(options.metadata)
    const { dialect, author } = this.#context.db
    const crc = dialect.checksum('memory_store', 'crc', { ...at, value: text, metadata, author })
    const record = { ...at, text, metadata, crc, expiry: this.#expiry(options) }
    const [stored] = await this.#context.db.all<{ revision: number }>(
      expected !== undefined && expected > 0
        ? this.#updateSql(record, expected)
        : this.#upsertSql(record, expected),
    )
    return stored ?? this.#conflict(at, expected)
  }

  /** Stores many records in one transaction: all of them, or none when one is refused. */
  async storeMany(records: readonly ({ key: string; value: unknown } & StoreOptions)[]): Promise<number> {
    checkKv.storeMany(records)
    await this.#context.db.transaction(async tx => {
      const kv = new Kv({ ...this.#context, db: tx })
      for (const { key, value, ...options } of records) await kv.store(key, value, options)
    })
    return records.length
  }

  /**
   * The value of a key, a fresh copy, or undefined when it is absent or has expired. With `asOf` or `revision` what it was
   * then: see {@link get}.
   */
  async retrieve(key: string, options: ReadOptions = {}): Promise<Json | undefined> {
    checkKv.retrieve(options)
    const past = pastOf(options)
    if (past !== undefined)
      return (await recordAt(this.#context.db, address(key, options.namespace), past))?.value
    const at = address(key, options.namespace)
    this.#context.countRead(at.namespace, at.key)
    const { cache, db } = this.#context
    const found = await cache.get(db, `${at.namespace}\0${at.key}`, () => this.#load(at))
    const expired = found?.expiresAtMs !== undefined && found.expiresAtMs <= this.#context.clock.now()
    return found === undefined || expired ? undefined : decodeLoose(found.value)
  }

  /** The values of those keys that exist, by key. */
  async retrieveMany(keys: readonly string[], options: NamespaceOption = {}): Promise<Map<string, Json>> {
    checkKv.retrieveMany(options)
    const { namespace } = address('any', options.namespace)
    const names = checkNames('keys', keys)
    for (const key of names) this.#context.countRead(namespace, key)
    const rows = await allLocked<Pick<MemoryRow, 'key' | 'value'>>(
      this.#context.db,
      { table: 'memory_store', keys: names.map(key => [key, namespace]) },
      sql`select namespace, key, value, metadata, author, crc from memory_store
          where namespace = ${namespace} and ${this.#context.db.dialect.inList(sql`key`, names)} and ${this.#live()}`,
    )
    return new Map(rows.map(row => [row.key, decodeLoose(verified('memory_store', row).value)]))
  }

  /**
   * The whole record of a key, or undefined when it is absent or has expired. With `asOf` or `revision` as it was then, as
   * far as its time to live is not over by now, and what it held was not redacted.
   * @throws NotFound `compacted` when the history does not keep any more what there was
   */
  async get(key: string, options: ReadOptions = {}): Promise<MemoryRecord | undefined> {
    checkKv.get(options)
    const at = address(key, options.namespace)
    const past = pastOf(options)
    if (past !== undefined) return recordAt(this.#context.db, at, past)
    const row = await oneLocked<MemoryRow>(
      this.#context.db,
      { table: 'memory_store', key: [at.key, at.namespace] },
      sql`select ${columns} from memory_store
          where key = ${at.key} and namespace = ${at.namespace} and ${this.#live()}`,
    )
    return row === undefined ? undefined : fromRow({ ...row, ...at })
  }

  /**
   * Records whose key matches a glob (`*`, `?`, `[…]`), by namespace and key. Up to 256 characters of pattern. With `asOf`
   * as they were then; without those of which the history does not keep any more what they held.
   */
  async search(glob: string, options: SearchOptions = {}): Promise<Page<MemoryRecord>> {
    checkKv.search(options)
    const limit = pageLimit(options.limit)
    const wanted = wantedKeys(checkGlob(glob), namespaceOf(options.namespace))
    const { db } = this.#context
    const slices = {
      after: afterCursor(options.cursor, wanted),
      limit: limit + 1,
      signal: options.signal,
    }
    const asOf = options.asOf && checkTime('asOf', options.asOf)
    const rows =
      asOf === undefined
        ? await searchKeys<MemoryRow>(db, wanted, { columns, isLive: this.#live(), ...slices })
        : await searchPast(db, wanted, { asOf, ...slices })
    return toPage(rows, limit, { item: fromRow, position: row => [row.namespace, row.key] })
  }

  /** The namespaces that hold live records, by name, each with their count. */
  async namespaces(options: PageOptions = {}): Promise<Page<NamespaceCount>> {
    checkKv.namespaces(options)
    const { db, storeDb } = this.#context
    const limit = pageLimit(options.limit)
    const [after = ''] = cursorPosition(options.cursor, 1) ?? []
    await keepTallyUp(storeDb, 'memory_store')
    const rows = await countNamespaces(db, String(after), limit + 1)
    return toPage(rows, limit, { item: row => row, position: ({ namespace }) => [namespace] })
  }

  /**
   * The changes of a key that its history keeps, latest first: the last 20 versions, for 90 days, unless
   * `history.setRetention` said otherwise of its namespace. What has expired is not among them.
   */
  async history(key: string, options: HistoryOptions = {}): Promise<Page<MemoryVersion>> {
    checkKv.history(options)
    const { namespace, ...page } = options
    return keyHistory(this.#context.db, address(key, namespace), page)
  }

  /**
   * How what a key holds now, or held at a revision, differs from what it held at another one.
   * @throws NotFound when the history has no such revision, or it wrote nothing that is still there
   */
  async diff(key: string, options: DiffOptions): Promise<KeyDiff> {
    checkKv.diff(options)
    const at = address(key, options.namespace)
    const { db } = this.#context
    const was = await recordBy(db, at, options.from)
    const now =
      options.to === undefined
        ? await this.get(at.key, { namespace: at.namespace })
        : await recordBy(db, at, options.to)
    if (now === undefined) throw absent(at)
    return { from: was.revision, to: now.revision, changes: jsonDiff(was.value, now.value) }
  }

  /**
   * Stores again what a key held at an earlier revision: its value, metadata and expiry. A later `revert` takes that back.
   * @throws NotFound when the history has no such revision, or it wrote nothing that is still there
   */
  async revert(key: string, options: RevertOptions): Promise<{ revision: number }> {
    checkKv.revert(options)
    const at = address(key, options.namespace)
    return this.#context.db.transaction(async tx => {
      const { value, metadata, expiresAt, namespace } = await recordBy(tx, at, options.revision)
      return new Kv({ ...this.#context, db: tx }).store(key, value, { namespace, metadata, expiresAt })
    })
  }

  /**
   * Removes for good what a key holds and has held, or what one of its changes wrote: from its history, from the index of
   * `find`, from later exports and backups, and from the store's files, which are rewritten for that while writers wait. What
   * it holds now is deleted. The history goes on to show that there was something, who wrote it, and who has redacted it.
   * An event `memory.redacted` tells of it. When it fails after that, such as for want of room, call it again.
   * @throws NotFound when the history has nothing of the key, or not this revision
   */
  async redact(key: string, options: RedactKeyOptions = {}): Promise<Redacted> {
    checkKv.redact(options)
    const { namespace, ...redaction } = options
    const at = address(key, namespace)
    return redactRecord(this.#context, recordKey(at), { ...redaction, told: { in: 'memory', ...at } })
  }

  /** Deletes a key. False when it was absent or had expired. */
  async delete(key: string, options: NamespaceOption = {}): Promise<boolean> {
    checkKv.delete(options)
    const at = address(key, options.namespace)
    const deleted = await deleteRecorded(this.#context.db, 'memory_store', tx =>
      allLocked<DeletedRow>(
        tx,
        { table: 'memory_store', keys: [[at.key, at.namespace]] },
        sql`delete from memory_store where key = ${at.key} and namespace = ${at.namespace}
            returning namespace, key, revision, case when ${this.#live()} then 1 else 0 end as live`,
      ),
    )
    return deleted[0]?.live === 1
  }

  /**
   * Deletes every record that a namespace has when this is called, and returns how many live ones that were. Of more than
   * 1,000 it deletes so many in a transaction, so that no writer waits for long.
   */
  async clearNamespace(namespace: string): Promise<number> {
    const { namespace: name } = address('any', namespace)
    return clearNamespace(this.#context, name, this.#live())
  }

  #upsertSql(record: NewRecord, expected: number | undefined): Sql {
    const { dialect, author } = this.#context.db
    const now = dialect.now()
    const { key, namespace, text, metadata, expiry, crc } = record
    return sql`
      insert into memory_store (key, namespace, value, metadata, created_at, updated_at, expires_at, author, crc, revision)
      values (${key}, ${namespace}, ${text}, ${metadata}, ${now}, ${now}, ${expiry}, ${author}, ${crc},
              (select value + 1 from hivewax_counters where name = 'floor'))
      on conflict (key, namespace) do update set
        value = excluded.value, metadata = excluded.metadata, updated_at = excluded.updated_at,
        expires_at = excluded.expires_at, author = excluded.author, crc = excluded.crc, revision = memory_store.revision + 1,
        created_at = case when memory_store.expires_at <= ${now}
                     then excluded.created_at else memory_store.created_at end
      where ${expected === 0} = 0 or memory_store.expires_at <= ${now}
      returning ${dialect.assertAboveFloor(sql`memory_store`, sql`revision`)} as revision`
  }

  #updateSql({ key, namespace, text, metadata, expiry, crc }: NewRecord, expected: number): Sql {
    const { dialect, author } = this.#context.db
    return sql`
      update memory_store set value = ${text}, metadata = ${metadata}, expires_at = ${expiry}, author = ${author}, crc = ${crc},
        updated_at = ${dialect.now()}, revision = revision + 1
      where key = ${key} and namespace = ${namespace} and revision = ${expected} and ${this.#live()}
      returning revision`
  }

  async #conflict(at: Address, expected: number | undefined): Promise<never> {
    const current = await this.get(at.key, { namespace: at.namespace })
    throw new Conflict(
      `key ${JSON.stringify(at.key)} in ${at.namespace} has revision ${current?.revision ?? 0}, not ${expected ?? 0}`,
      {
        hint: 'Read the record again, then decide anew.',
        details: { ...at, revision: current?.revision ?? 0, value: current?.value },
      },
    )
  }

  async #load(at: Address): Promise<{ value: string; expiresAtMs: number | undefined } | undefined> {
    const row = await oneLocked<Pick<MemoryRow, 'value' | 'metadata' | 'expires_at' | 'author' | 'crc'>>(
      this.#context.db,
      { table: 'memory_store', key: [at.key, at.namespace] },
      sql`select value, metadata, expires_at, author, crc from memory_store
          where key = ${at.key} and namespace = ${at.namespace} and ${this.#live()}`,
    )
    if (row === undefined) return undefined
    verified('memory_store', row, at)
    return { value: row.value, expiresAtMs: toOptionalDate(row.expires_at)?.getTime() }
  }

  #live(): Sql {
    return isLive(this.#context.db.dialect)
  }

  #encodeMetadata(metadata: unknown): string | undefined {
    return metadata === undefined ? undefined : encodeJson('metadata', metadata, this.#context.maxValueBytes)
  }

  #expiry({ ttl, expiresAt }: StoreOptions): Sql | Date | undefined {
    if (ttl === undefined) return expiresAt && checkTime('expiresAt', expiresAt)
    if (expiresAt !== undefined) throw new InvalidInput('pass ttl or expiresAt, not both')
    return this.#context.db.dialect.now(ttlMs(ttl))
  }
}

interface NewRecord extends Address {
  text: string
  metadata: string | undefined
  crc: number | null
  expiry: Sql | Date | undefined
}

/** The checked name of a namespace to look in; undefined for all. */
function namespaceOf(namespace = defaultNamespace): string | undefined {
  return namespace === '*' ? undefined : checkName('namespace', namespace, 128)
}

function expectedRevision({ ifAbsent, expectedRevision }: StoreOptions): number | undefined {
  if (ifAbsent && (expectedRevision ?? 0) > 0) {
    throw new InvalidInput('ifAbsent and a positive expectedRevision exclude each other')
  }
  if (ifAbsent) return 0
  return expectedRevision === undefined ? undefined : checkInteger('expectedRevision', expectedRevision, 0)
}

function absent({ key, namespace }: Address): NotFound {
  return new NotFound(`there is nothing under ${describe(key)} in ${namespace}`, {
    hint: 'Compare with a revision of its history.',
    details: { key, namespace },
  })
}
