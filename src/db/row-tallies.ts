import type { Db } from './db.ts'
import { theRow } from './rows.ts'
import { raw, type Sql, sql } from './sql.ts'
import { counterOf, type TalliedTable, type Tallies, tallied, tallySize } from './tallies.ts'

/**
 * Counts of a table whose rows come in the order of their numbers, each committed after those below it: rows above the
 * last one that was counted are new.
 */
export function rowTallies(number: (table: TalliedTable) => Sql): Tallies {
  const rows = (table: TalliedTable) => ({ from: raw(table), id: number(table), ...tallied[table] })
  return {
    fresh: table => {
      const { from, id, part } = rows(table)
      return sql`select ${part} as part, 1 as amount from ${from} where ${id} > ${lastCounted(table)}`
    },
    backlog: table => {
      const { from, id } = rows(table)
      return sql`select coalesce((select max(${id}) from ${from}), 0) - ${lastCounted(table)} as count`
    },
    take: async (tx, table) => {
      const { from, id, part } = rows(table)
      const after = await lockLast(tx, table)
      const last = await endOf(tx, sql`${id}`, sql`${from} where ${id} > ${after}`)
      if (last === undefined) return
      const isNew = sql`${id} > ${after} and ${id} <= ${last}`
      await tx.all(
        sql`insert into hivewax_tallies (source, part, amount)
            select ${table}, part, count(*) from (select ${part} as part from ${from} where ${isNew}) as fresh
            where 1 = 1 group by part order by part
            on conflict (source, part) do update set amount = hivewax_tallies.amount + excluded.amount`,
      )
      await tx.all(sql`delete from hivewax_tallies where source = ${table} and amount = 0`)
      if (table === 'events') await noteSpan(tx, isNew)
      await tx.all(sql`update hivewax_counters set value = ${last} where name = ${counterOf(table)}`)
    },
  }
}

function lastCounted(table: TalliedTable): Sql {
  return sql`(select value from hivewax_counters where name = ${counterOf(table)})`
}

/** The last row that was counted. Nobody else counts until the transaction ends. */
async function lockLast(tx: Db, table: TalliedTable): Promise<number> {
  const rows = await tx.all<{ value: number }>(
    sql`update hivewax_counters set value = value where name = ${counterOf(table)} returning value`,
  )
  return theRow(rows).value
}

/** The number of the last of the next rows; undefined when there are none. */
async function endOf(tx: Db, id: Sql, from: Sql): Promise<number | undefined> {
  const [row] = await tx.all<{ last: number | null }>(
    sql`select max(id) as last from (select ${id} as id from ${from} order by ${id} limit ${tallySize}) as some_rows`,
  )
  return row?.last ?? undefined
}

/** Events that were counted together are a span of the log, of which is known between which times they were logged. */
async function noteSpan(tx: Db, isNew: Sql): Promise<void> {
  await tx.all(
    sql`insert into hivewax_event_spans (last_id, first_id, earliest, latest)
        select max(id), min(id), min(timestamp), max(timestamp) from events where ${isNew}`,
  )
}
