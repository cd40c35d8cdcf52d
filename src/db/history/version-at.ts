import { InvalidInput, NotFound } from '../../errors.ts'
import { checkInteger, describe } from '../../util/check.ts'
import { checkTime, toDate } from '../../util/time.ts'
import type { Db } from '../db.ts'
import { sql } from '../sql.ts'
import { isPruned, type Life, type VersionRow } from './version.ts'
import type { VersionedTable } from './versioned.ts'
import { type RecordKey, versionsOf } from './versions-of.ts'

/** Which of the versions of a record is asked for. */
export interface PastOptions {
  /** What was there at that moment. Default: what is there now. */
  asOf?: Date | undefined
  /** What this change wrote. Default: what is there now. */
  revision?: number | undefined
}

/** A moment or a change. */
export type Past = { readonly asOf: Date } | { readonly revision: number }

/** What is asked for; undefined for what is there now. */
export function pastOf({ asOf, revision }: PastOptions): Past | undefined {
  if (asOf !== undefined && revision !== undefined) throw new InvalidInput('pass asOf or revision, not both')
  if (asOf !== undefined) return { asOf: checkTime('asOf', asOf) }
  return revision === undefined ? undefined : { revision: checkInteger('revision', revision, 1) }
}

/**
 * What a record held at a moment, or by one of its changes; undefined for nothing, or what is redacted.
 * @throws NotFound `compacted` when it held something that the history does not keep any more
 */
export async function versionAt<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
  past: Past,
): Promise<VersionRow<T> | undefined> {
  const row =
    'asOf' in past
      ? await versionAtTime(db, record, past.asOf)
      : await versionOfRevision(db, record, past.revision)
  return row?.gone_at === null ? row : undefined
}

/**
 * What a change of a record has written.
 * @throws NotFound when the history has no such change, or it wrote nothing that is still there
 */
export async function versionBy<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
  revision: number,
): Promise<VersionRow<T>> {
  const row = await versionAt(db, record, { revision: checkInteger('revision', revision, 1) })
  if (row !== undefined) return row
  const { table, key } = record
  throw new NotFound(`revision ${revision} of ${describe(key.at(-1))} in ${table} holds nothing`, {
    hint: 'Its history names those that there are.',
    details: { table, key, revision },
  })
}

async function versionAtTime<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
  asOf: Date,
): Promise<VersionRow<T> | undefined> {
  const [row] = await versionsOf(db, record, { where: sql`updated_at <= ${asOf}`, limit: 1 })
  if (row === undefined) {
    const [next] = await versionsOf(db, record, { where: sql`updated_at > ${asOf}`, order: 'asc', limit: 1 })
    if (next !== undefined && toDate(next.created_at) <= asOf) throw compacted(record, next)
    return undefined
  }
  if (row.replaced_at !== null && toDate(row.replaced_at) <= asOf) return undefined
  if (isPruned(row)) throw compacted(record, row)
  return row
}

async function versionOfRevision<T extends VersionedTable>(
  db: Db,
  record: RecordKey<T>,
  revision: number,
): Promise<VersionRow<T> | undefined> {
  const [row] = await versionsOf(db, record, { where: sql`revision >= ${revision}`, order: 'asc', limit: 1 })
  if (row !== undefined && isPruned(row)) throw compacted(record, row)
  return row?.revision === revision ? row : undefined
}

function compacted({ table, key }: RecordKey, { revision }: Life): NotFound {
  return new NotFound(
    `the history of ${describe(key.at(-1))} in ${table} begins behind revision ${revision}`,
    { hint: 'It keeps the latest versions of each record only.', details: { table, key, revision } },
    'compacted',
  )
}
