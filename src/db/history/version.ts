import { toDate } from '../../util/time.ts'
import { type Author, decodeAuthor } from '../author.ts'
import type { Columns, RowOf } from '../columns.ts'
import type { VersionedTable, versioned } from './versioned.ts'

/*
 * What records held before: triggers put what is replaced or deleted into a table beside that of the records. A version
 * was there from `updated_at` to `replaced_at`. The change behind it is the next number, `revision + 1`: a later version, or
 * the deletion, of which the row of the version says who did it. Where neither is there, what followed has expired.
 */

export const ofVersions = {
  revision: 'number',
  author: 'text?',
  created_at: 'time',
  updated_at: 'time',
  crc: 'number?',
  /** When it was written anew or deleted; null for what the record holds. */
  replaced_at: 'time?',
  deleted: 'number',
  deleted_by: 'text?',
  /** When its content was removed: by `gone_by`, or because there were too many. */
  gone_at: 'time?',
  gone_by: 'text?',
} as const satisfies Columns

/** What every version says, of whatever table. */
export type Life = RowOf<typeof ofVersions>

/** What a record held from one change to the next. */
export type VersionRow<T extends VersionedTable = VersionedTable> = RowOf<(typeof versioned)[T]['content']> &
  RowOf<typeof ofVersions>

/** One change of a record. */
export interface Version {
  /** Its number, which rises with every change of the record; a deletion has one too. */
  revision: number
  /** True for a deletion. */
  deleted: boolean
  /** Who made it; undefined when that is not known. */
  author: Author | undefined
  /** When it was made. */
  updatedAt: Date
  /** Who has removed from the history what it wrote, and when; undefined where nobody did. */
  redacted: Redaction | undefined
}

/** That what was written once is not to be seen any more. */
interface Redaction {
  by: Author | undefined
  at: Date
}

/** What a change did, in a word. */
export function changeOf({ deleted, redacted }: Version): 'deleted' | 'redacted' | 'stored' {
  if (redacted !== undefined) return 'redacted'
  return deleted ? 'deleted' : 'stored'
}

/** What was written, and behind it what ended that, where it was a deletion; latest first. */
export function changesOf(row: Life): Version[] {
  const written: Version = {
    revision: row.revision,
    deleted: false,
    author: decodeAuthor(row.author),
    updatedAt: toDate(row.updated_at),
    redacted: row.gone_at === null ? undefined : { by: decodeAuthor(row.gone_by), at: toDate(row.gone_at) },
  }
  if (row.deleted === 0 || row.replaced_at === null) return [written]
  const deletion: Version = {
    revision: row.revision + 1,
    deleted: true,
    author: decodeAuthor(row.deleted_by),
    updatedAt: toDate(row.replaced_at),
    redacted: undefined,
  }
  return [deletion, written]
}

/** One of too many versions: it only says that there were some. */
export function isPruned({ gone_at, gone_by }: Life): boolean {
  return gone_at !== null && gone_by === null
}
