import type { Db } from '../db/db.ts'
import { versioned } from '../db/history/versioned.ts'
import { unexpired } from '../db/history/versions-of.ts'
import { readInSlices, type Slice, type SlicesOptions } from '../db/slices.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { columns, type MemoryRow } from './record.ts'
import { type Place, type WantedKeys, within } from './search.ts'

const history = raw(versioned.memory_store.history)

/**
 * The first records with such keys as they were at a moment, by namespace and key. No index leads to what was there then:
 * keys are looked through in their order.
 */
export function searchPast(
  db: Db,
  wanted: WantedKeys,
  { asOf, ...slices }: SlicesOptions<Place> & { asOf: Date },
): Promise<MemoryRow[]> {
  const matches = (slice: Slice<Place>) =>
    sql`${within(wanted, slice)} and ${db.dialect.glob(sql`key`, wanted.glob)} and updated_at <= ${asOf}
        and ${unexpired(db, 'memory_store')}`
  const read = (slice: Slice<Place>, limit: number) => {
    const present = sql`select ${columns} from memory_store where ${matches(slice)}`
    const past = sql`select ${columns} from ${history} as version
      where ${matches(slice)} and replaced_at > ${asOf} and gone_at is null and not ${wasReplaced(asOf)}`
    return db.all<MemoryRow>(inOrder(present, past, { limit }))
  }
  const endOf = async (after: Place | undefined, size: number): Promise<Place | undefined> => {
    const keysOf = (table: Sql) =>
      sql`select namespace, key from ${table} where ${within(wanted, { after, end: undefined })}`
    const [row] = await db.all<Pick<MemoryRow, 'namespace' | 'key'>>(
      inOrder(keysOf(sql`memory_store`), keysOf(history), { limit: size, offset: size - 1 }),
    )
    return row && [row.namespace, row.key]
  }
  return readInSlices({ endOf, read }, slices)
}

/** Clocks differ, and may be set back: a later version may say that it is the older one. */
function wasReplaced(asOf: Date): Sql {
  const isLater = (table: Sql) => sql`exists (
    select 1 from ${table} as later
    where later.namespace = version.namespace and later.key = version.key
      and later.revision > version.revision and later.updated_at <= ${asOf})`
  return sql`(${isLater(sql`memory_store`)} or ${isLater(history)})`
}

/** The first rows of two tables, each of which has an index in this order: planners do not merge them by themselves. */
function inOrder(present: Sql, past: Sql, { limit, offset = 0 }: { limit: number; offset?: number }): Sql {
  const inItsOrder = sql`order by namespace, key limit ${limit}`
  return sql`select * from (select * from (${present} ${inItsOrder}) as present
    union all select * from (${past} ${inItsOrder}) as past) as records
    order by namespace, key limit ${limit - offset} offset ${offset}`
}
