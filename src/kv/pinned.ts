import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { isObject } from '../util/json.ts'
import { columns, fromRow, isLive, type MemoryRecord, type MemoryRow } from './record.ts'

/** The condition that a record may be pinned, in the words of the index that has those. */
const mayBePinned = sql`replace(metadata, '"pinned":true', '') <> metadata`

/** Records whose metadata says `"pinned": true`, those written last first. */
export async function pinnedRecords({ db }: Context, limit: number): Promise<MemoryRecord[]> {
  const rows = await db.all<MemoryRow>(
    sql`select ${columns} from memory_store where ${mayBePinned} and ${isLive(db.dialect)}
        order by updated_at desc, id desc limit ${limit}`,
  )
  return rows
    .map(fromRow)
    .filter(({ metadata }) => metadata !== undefined && isObject(metadata) && metadata.pinned === true)
}
