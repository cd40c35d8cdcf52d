import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Dialect } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { toDate, toOptionalDate } from '../util/time.ts'

/** A record of key-value memory. */
export interface MemoryRecord {
  key: string
  namespace: string
  value: Json
  metadata: Json | undefined
  createdAt: Date
  updatedAt: Date
  expiresAt: Date | undefined
  /** Rises with every write of the key and is never used twice, not even after a delete. */
  revision: number
  /** Who wrote it; undefined when that is not known. */
  author: Author | undefined
}

export interface Address {
  key: string
  namespace: string
}

/** The namespace of records for which none is named. */
export const defaultNamespace = 'default'

export function address(key: string, namespace = defaultNamespace): Address {
  return { key: checkName('key', key), namespace: checkName('namespace', namespace, 128) }
}

const memoryColumns = {
  key: 'text',
  namespace: 'text',
  value: 'text',
  metadata: 'text?',
  created_at: 'time',
  updated_at: 'time',
  expires_at: 'time?',
  revision: 'number',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

export type MemoryRow = RowOf<typeof memoryColumns>

export const columns = listOf(memoryColumns)

/** The condition that a record has not expired. */
export function isLive(dialect: Dialect): Sql {
  return sql`(expires_at is null or expires_at > ${dialect.now()})`
}

export function fromRow(row: MemoryRow): MemoryRecord {
  verified('memory_store', row)
  return {
    key: row.key,
    namespace: row.namespace,
    value: decodeLoose(row.value),
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
    expiresAt: toOptionalDate(row.expires_at),
    revision: row.revision,
    author: decodeAuthor(row.author),
  } satisfies FieldsOf<Omit<MemoryRow, 'crc'>>
}

/** A record that was deleted, and whether it had not expired. */
export type DeletedRow = Pick<MemoryRow, 'namespace' | 'key' | 'revision'> & { live: number }
