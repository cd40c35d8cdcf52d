import type { Author } from '../db/author.ts'
import type { Db } from '../db/db.ts'
import { endOfSlice, isInSlice, type Key, keyOf } from '../db/history/key-slices.ts'
import { type Versioned, versioned } from '../db/history/versioned.ts'
import { readInSlices, type Sliced } from '../db/slices.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { type Kind, tableOf } from './kinds.ts'

/** Whose changes, and of when. */
export interface ChangeFilter {
  readonly by: string
  readonly session: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  readonly namespace: string | undefined
}

/** Whether somebody made a change, or has brought what he made from another store. */
export function isBy({ by, session }: ChangeFilter, author: Author | undefined): boolean {
  if (author === undefined) return false
  const isHis = ({ agent, session: own }: Author) =>
    agent === by && (session === undefined || own === session)
  return isHis(author) || (author.importedBy !== undefined && isHis(author.importedBy))
}

/** Whether a change was made within the time that is asked for. */
export function isWithin({ since, until }: ChangeFilter, at: Date): boolean {
  return (since === undefined || at >= since) && (until === undefined || at < until)
}

/** Keys that are read before what they lead to is done. */
const pageSize = 500

/** The keys of records of a kind that may have been changed so, each once: no index leads to authors. */
export async function* changedRecords(
  db: Db,
  kind: Kind,
  { filter, signal }: { filter: ChangeFilter; signal: AbortSignal | undefined },
): AsyncGenerator<Key> {
  const { history, key }: Versioned = versioned[tableOf[kind]]
  const seen = new Set<string>()
  const sources = [
    { table: tableOf[kind] as string, isChanged: wrote(filter) },
    { table: history, isChanged: sql`(${wrote(filter)} or ${deleted(filter)})` },
  ]
  const columns = raw(key.join(', '))
  const where = inNamespace(key, filter)
  for (const { table, isChanged } of sources) {
    const sliced: Sliced<Key, Record<string, string>> = {
      endOf: (after, size) => endOfSlice(db, { table, columns: key, where }, { after, size }),
      read: (slice, most) =>
        db.all(
          sql`select distinct ${columns} from ${raw(table)}
              where ${isInSlice(key, slice)} and ${where} and ${isChanged} order by ${columns} limit ${most}`,
        ),
    }
    for (let after: Key | undefined, isLast = false; !isLast; ) {
      const rows = await readInSlices(sliced, { after, limit: pageSize, signal })
      isLast = rows.length < pageSize
      for (const row of rows) {
        after = keyOf(key, row)
        const name = JSON.stringify(after)
        if (!seen.has(name)) yield after
        seen.add(name)
      }
    }
  }
}

/** A condition on one part of the text of an author: which that is, is looked at once the row is read. */
function names(column: string, { by }: ChangeFilter): Sql {
  const name = `"agent":${JSON.stringify(by)}`
  return sql`replace(${raw(column)}, ${name}, '') <> ${raw(column)}`
}

function wrote(filter: ChangeFilter): Sql {
  return join([names('author', filter), ...times('updated_at', filter)], ' and ')
}

function deleted(filter: ChangeFilter): Sql {
  return sql`(deleted = 1 and ${join([names('deleted_by', filter), ...times('replaced_at', filter)], ' and ')})`
}

function times(column: string, { since, until }: ChangeFilter): Sql[] {
  return [
    ...(since === undefined ? [] : [sql`${raw(column)} >= ${since}`]),
    ...(until === undefined ? [] : [sql`${raw(column)} < ${until}`]),
  ]
}

function inNamespace(key: readonly string[], { namespace }: ChangeFilter): Sql {
  return key.includes('namespace') && namespace !== undefined ? sql`namespace = ${namespace}` : sql`1 = 1`
}
