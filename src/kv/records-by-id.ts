import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { columns, fromRow, isLive, type MemoryRecord, type MemoryRow } from './record.ts'

/** The live records of these row ids, those written last first. */
export async function recordsById({ db }: Context, ids: readonly number[]): Promise<MemoryRecord[]> {
  const { dialect } = db
  const rows = await db.all<MemoryRow>(
    sql`select ${columns} from memory_store where ${dialect.inList(sql`id`, ids)} and ${isLive(dialect)}`,
  )
  return rows.map(fromRow).sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime())
}
