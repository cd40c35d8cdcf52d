import type { Db } from '../db/db.ts'
import { readHistory } from '../db/history/read-history.ts'
import type { Version, VersionRow } from '../db/history/version.ts'
import { type Past, versionAt, versionBy } from '../db/history/version-at.ts'
import type { RecordKey } from '../db/history/versions-of.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import type { Page, PageOptions } from '../util/page.ts'
import { toOptionalDate } from '../util/time.ts'
import { type Address, fromRow, type MemoryRecord } from './record.ts'

/** One change of a key, and what it wrote. */
export interface MemoryVersion extends Version {
  key: string
  namespace: string
  /** Undefined for a deletion, and for what is redacted. */
  value: Json | undefined
  metadata: Json | undefined
  expiresAt: Date | undefined
}

/** A key as the history names records. */
export function recordKey({ key, namespace }: Address): RecordKey<'memory_store'> {
  return { table: 'memory_store', key: [namespace, key] }
}

/** See `Kv.get`. */
export async function recordAt(db: Db, at: Address, past: Past): Promise<MemoryRecord | undefined> {
  const row = await versionAt(db, recordKey(at), past)
  return row && toRecord(at, row)
}

/** See `Kv.revert`. */
export async function recordBy(db: Db, at: Address, revision: number): Promise<MemoryRecord> {
  return toRecord(at, await versionBy(db, recordKey(at), revision))
}

/** Content that is not gone has a value. */
function toRecord(at: Address, row: VersionRow<'memory_store'>): MemoryRecord {
  return fromRow({ ...row, value: row.value ?? 'null', ...at })
}

/** See `Kv.history`. */
export function keyHistory(db: Db, at: Address, options: PageOptions): Promise<Page<MemoryVersion>> {
  return readHistory(db, recordKey(at), {
    ...options,
    toVersion: (version, row) => ({ ...at, ...version, ...contentOf(version, row) }),
  })
}

function contentOf(
  { deleted }: Version,
  { value, metadata, expires_at }: VersionRow<'memory_store'>,
): Pick<MemoryVersion, 'value' | 'metadata' | 'expiresAt'> {
  if (deleted) return { value: undefined, metadata: undefined, expiresAt: undefined }
  return {
    value: value === null ? undefined : decodeLoose(value),
    metadata: metadata === null ? undefined : decodeLoose(metadata),
    expiresAt: toOptionalDate(expires_at),
  }
}
