import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { endOfSlice, isInSlice, type Key } from '../db/history/key-slices.ts'
import { defaultLimits } from '../db/history/limits.ts'
import { type Versioned, versioned } from '../db/history/versioned.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import type { Upkeep } from './upkeep-context.ts'

const dayMs = 86_400_000

/** Versions that one statement looks through, and may delete: writers wait for no more than that. */
const sliceSize = 1_000

/** Removes what was replaced or deleted longer ago than versions are kept, a little at a time. Returns how many versions. */
export async function pruneHistory({ context: { db } }: Upkeep, signal?: AbortSignal): Promise<number> {
  let count = 0
  for (const { history, key } of Object.values<Versioned>(versioned)) {
    const isOld = key.includes('namespace')
      ? isPastLimits(db, history)
      : wasReplaced(db, sql`${defaultLimits.days}`)
    for (let after: Key | undefined, isLast = false; !isLast; ) {
      signal?.throwIfAborted()
      const startedAt = performance.now()
      const end = await endOfSlice(db, { table: history, columns: key }, { after, size: sliceSize })
      const gone = await db.all(
        sql`delete from ${raw(history)} where ${isInSlice(key, { after, end })} and ${isOld} returning revision`,
      )
      count += gone.length
      after = end
      isLast = end === undefined
      if (!isLast) await sleep(performance.now() - startedAt, undefined, { ref: false })
    }
  }
  return count
}

/** Of a namespace that keeps no versions all go, whatever their age. */
function isPastLimits(db: Db, history: string): Sql {
  const said = (column: 'versions' | 'days') =>
    sql`(select ${raw(column)} from hivewax_history_limits as said where said.namespace = ${raw(history)}.namespace)`
  return sql`(${wasReplaced(db, sql`coalesce(${said('days')}, ${defaultLimits.days})`)} or ${said('versions')} = 0)`
}

function wasReplaced({ dialect }: Db, days: Sql): Sql {
  return sql`replaced_at < ${dialect.now(sql`-${dayMs} * ${days}`)}`
}
