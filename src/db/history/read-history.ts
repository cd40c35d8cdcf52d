import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../../util/page.ts'
import type { Db } from '../db.ts'
import { sql } from '../sql.ts'
import { changesOf, isPruned, type Version, type VersionRow } from './version.ts'
import type { VersionedTable } from './versioned.ts'
import { type RecordKey, versionsOf } from './versions-of.ts'

/** The changes of a record that its history still has, latest first; without those whose time to live is over. */
export async function readHistory<T extends VersionedTable, V extends Version>(
  db: Db,
  record: RecordKey<T>,
  { toVersion, ...options }: PageOptions & { toVersion: (version: Version, row: VersionRow<T>) => V },
): Promise<Page<V>> {
  const limit = pageLimit(options.limit)
  const [before = Number.MAX_SAFE_INTEGER] = cursorPosition(options.cursor, 1) ?? []
  const rows = await versionsOf(db, record, { where: sql`revision < ${before}`, limit: limit + 1 })
  const versions = rows
    .filter(row => !isPruned(row))
    .flatMap(row => changesOf(row).map(version => toVersion(version, row)))
    .filter(({ revision }) => revision < Number(before))
  return toPage(versions, limit, { item: version => version, position: ({ revision }) => [revision] })
}
