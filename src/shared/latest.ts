import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { fromRow, type SharedEntry } from './shared.ts'
import { columns, type EntryRow } from './shared-changes.ts'
import { isThere } from './shared-leases.ts'

/** Among how many of the last changes the keys are looked for. */
const lastChanges = 1_000

const lastKeys = sql`select distinct key from (
  select key from hivewax_shared_history order by revision desc limit ${lastChanges}) as last`

/** The keys that were changed last, latest first, of those that are still there. */
export async function latestShared({ db }: Context, limit: number): Promise<SharedEntry[]> {
  const rows = await db.all<EntryRow>(
    sql`select ${columns} from shared_state
        where ${db.dialect.inQuery(sql`key`, lastKeys)} and ${isThere(db.dialect)}
        order by revision desc, key limit ${limit}`,
  )
  return rows.map(fromRow)
}
