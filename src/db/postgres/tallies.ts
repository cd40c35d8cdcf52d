import { rowTallies } from '../row-tallies.ts'
import { type Sql, sql } from '../sql.ts'
import { type TalliedTable, type Tallies, tallySize } from '../tallies.ts'

/** The ids of events are given out in the order of commits; no others are. */
const events = rowTallies(() => sql`id`)

/** Triggers note by how much each statement changes a count, for many write at a time. */
const byChanges: Tallies = {
  fresh: table => sql`select part, amount from hivewax_tally_changes where source = ${table}`,
  backlog: (table, limit) => sql`select count(*) as count from (${changesOf(table, limit)}) as some_changes`,
  take: async (tx, table) => {
    await tx.all(
      sql`with moved as (
            delete from hivewax_tally_changes where ctid = any (array(${changesOf(table, tallySize)}))
            returning part, amount)
          insert into hivewax_tallies (source, part, amount)
          select ${table}, part, sum(amount) from moved group by part order by part
          on conflict (source, part) do update set amount = hivewax_tallies.amount + excluded.amount`,
    )
    await tx.all(sql`delete from hivewax_tallies where source = ${table} and amount = 0`)
  },
}

function changesOf(table: TalliedTable, limit: number): Sql {
  return sql`select ctid from hivewax_tally_changes where source = ${table} limit ${limit}`
}

const of = (table: TalliedTable) => (table === 'events' ? events : byChanges)

export const postgresTallies: Tallies = {
  fresh: table => of(table).fresh(table),
  backlog: (table, limit) => of(table).backlog(table, limit),
  take: (tx, table) => of(table).take(tx, table),
}
