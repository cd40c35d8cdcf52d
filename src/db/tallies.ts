import { isTransient } from '../errors.ts'
import { inBatches } from '../util/in-batches.ts'
import type { Db, Dialect } from './db.ts'
import { raw, type Sql, sql } from './sql.ts'

/*
 * How many rows of a table there are, of each part: too many to be counted whenever somebody asks, and written too often
 * for one row to be counted up with each. So what writes leaves the count alone, and upkeep takes what is new into the
 * table `hivewax_tallies`, now and then; an answer is what is kept there and the rows that are newer. Triggers see to what
 * was counted and is deleted, or comes to another part.
 */

/** The tables that are counted, and what the rows of each are told apart by. */
export const tallied = {
  memory_store: { part: sql`coalesce(namespace, '')` },
  // Those that have completed are what remains of all: what a claim or a completion changes is not counted.
  tasks: { part: raw(`''`) },
  events: { part: sql`type` },
} as const

export type TalliedTable = keyof typeof tallied

export const talliedTables = Object.keys(tallied) as TalliedTable[]

/** The counters that say up to which row the tables are counted. A store whose rows are exchanged begins with 0. */
export const talliedCounters: readonly string[] = talliedTables.map(counterOf)

export function counterOf(table: TalliedTable): string {
  return `tallied_${table}`
}

/** How an engine knows of the rows that are not counted yet. */
export interface Tallies {
  /** Selects them as `part, amount`. */
  fresh(table: TalliedTable): Sql
  /** Selects about how many they are, as `count`, up to `limit` of them. */
  backlog(table: TalliedTable, limit: number): Sql
  /** Counts some of them, within `tx`. */
  take(tx: Db, table: TalliedTable): Promise<void>
}

/** Rows that one transaction counts: writers wait for no more than that. */
export const tallySize = 2_000

/** Fewer rows are not worth a write. */
const leastFresh = 1_000

/** More are not counted by whoever asks, who would hold up the event loop. */
const mostFresh = 20_000

/** The table of all counts of a table: `part, amount`, some of its rows for the same part. */
export function countsOf(dialect: Dialect, table: TalliedTable): Sql {
  return sql`(select part, amount from hivewax_tallies where source = ${table}
              union all ${dialect.tallies.fresh(table)}) as counts`
}

/** Takes what is new into the kept counts, a little at a time. */
export async function keepTallies(db: Db, signal?: AbortSignal): Promise<void> {
  for (const table of talliedTables) await keep(db, table, signal)
}

/**
 * The same for one table by the way, before it is counted, when that has not been done for long.
 * @param storeDb undefined where nothing may be written
 */
export async function keepTallyUp(storeDb: Db | undefined, table: TalliedTable): Promise<void> {
  if (storeDb === undefined || !(await hasFresh(storeDb, table, mostFresh))) return
  try {
    await keep(storeDb, table)
  } catch (error) {
    // Others are writing: then it takes longer.
    if (!isTransient(error)) throw error
  }
}

/**
 * Selects by how much the counts of each part are wrong, as `part, amount`: SQL of others can change rows so that no trigger
 * hears of it, as `insert or replace` does. Reads the whole table.
 */
export function wrongCounts(dialect: Dialect, table: TalliedTable): Sql {
  return sql`select part, sum(amount) as amount from (
      select ${tallied[table].part} as part, 1 as amount from ${raw(table)}
      union all select part, -amount as amount from ${countsOf(dialect, table)}) as compared
    group by part having sum(amount) <> 0 order by part`
}

/** Adds what the counts are wrong by; what was written meanwhile does not matter to it. */
export async function mendCounts(
  db: Db,
  table: TalliedTable,
  wrong: readonly { part: string; amount: number }[],
): Promise<void> {
  if (wrong.length === 0) return
  const rows = db.dialect.valuesTable({ part: 'text', amount: 'number' }, wrong)
  await db.all(
    sql`insert into hivewax_tallies (source, part, amount)
        select ${table}, part, amount from ${rows} as wrong where 1 = 1
        on conflict (source, part) do update set amount = hivewax_tallies.amount + excluded.amount`,
  )
}

async function keep(db: Db, table: TalliedTable, signal?: AbortSignal): Promise<void> {
  await inBatches(async () => {
    signal?.throwIfAborted()
    if (!(await hasFresh(db, table, leastFresh))) return { count: 0, isLast: true }
    await db.transaction(tx => tx.dialect.tallies.take(tx, table))
    return { count: 1, isLast: false }
  })
}

async function hasFresh(db: Db, table: TalliedTable, least: number): Promise<boolean> {
  const [row] = await db.all<{ count: number }>(db.dialect.tallies.backlog(table, least))
  return (row?.count ?? 0) >= least
}
