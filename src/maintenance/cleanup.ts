import type { Db } from '../db/db.ts'
import { versioned } from '../db/history/versioned.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { inBatches } from '../util/in-batches.ts'
import { checkTime } from '../util/time.ts'
import { minuteText } from './access-log.ts'
import type { Upkeep } from './upkeep-context.ts'

export interface CleanupOptions {
  /** Removes only what had expired by then. Default now; a later time counts as now. */
  expiredBefore?: Date | undefined
  /** Ends the work between two batches; what was removed until then stays removed. */
  signal?: AbortSignal | undefined
}

/** How many rows were removed from each table. */
export type CleanupResult = Record<string, number>

/** Rows that one transaction removes: writers wait for no more than that. */
const batchRows = 500

/** How long reads per minute are kept for `hotKeys` and `analyzeUsage`. */
const accessDays = 30

/** Frees the space of what has expired, in short transactions. No reader sees it any more anyway. */
export async function cleanup({ context }: Upkeep, options: CleanupOptions = {}): Promise<CleanupResult> {
  const { db, clock } = context
  const before = options.expiredBefore && checkTime('expiredBefore', options.expiredBefore)
  const hasExpired = sql`expires_at <= ${db.dialect.now()} and expires_at <= ${before ?? db.dialect.now()}`
  const oldest = minuteText(clock.now() - accessDays * 86_400_000)
  const old = { table: 'hivewax_access', key: 'minute, namespace, key', condition: sql`minute < ${oldest}` }
  const expired = (table: string) => ({ table, key: 'id', condition: hasExpired })
  const { history, key } = versioned.memory_store
  const formerlyExpired = { table: history, key: [...key, 'revision'].join(', '), condition: hasExpired }
  return {
    memory_store: await removeWhere(db, expired('memory_store'), options.signal),
    hivewax_memory_history: await removeWhere(db, formerlyExpired, options.signal),
    sessions: await removeWhere(db, expired('sessions'), options.signal),
    hivewax_access: await removeWhere(db, old, options.signal),
  }
}

/** Which rows of a table to remove. */
interface Unwanted {
  table: string
  /** The columns that tell the table's rows apart. */
  key: string
  condition: Sql
}

/** Deletes the rows that meet a condition, a batch at a time, and counts them. */
export async function removeWhere(
  db: Db,
  { table, key, condition }: Unwanted,
  signal?: AbortSignal,
): Promise<number> {
  return inBatches(async () => {
    signal?.throwIfAborted()
    const rows = await db.all(
      sql`delete from ${raw(table)} where (${raw(key)}) in
            (select ${raw(key)} from ${raw(table)} where ${condition} limit ${batchRows})
          returning 1 as removed`,
    )
    return { count: rows.length, isLast: rows.length < batchRows }
  })
}
