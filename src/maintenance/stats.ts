import type { Context } from '../context.ts'
import type { StoreFacts } from '../db/engine.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { countsOf, type TalliedTable, tallied } from '../db/tallies.ts'
import { scanAll, type Upkeep } from './upkeep-context.ts'

export interface Stats extends Omit<StoreFacts, 'location'> {
  /** What the store takes on disk, in MB (1,048,576 bytes), to two decimals. */
  size: number
  tableCount: number
  /**
   * The documented tables with their rows as they lie there: expired ones count until they are cleaned up.
   */
  tables: { name: string; rows: number }[]
}

/** The tables that the reference documents, in its order. */
const documentedTables = [
  'memory_store',
  'sessions',
  'agents',
  'tasks',
  'agent_memory',
  'shared_state',
  'events',
  'patterns',
  'performance_metrics',
  'workflow_state',
  'swarm_topology',
  'consensus_state',
] as const

/** How large the store is, and how many rows its tables hold. */
export async function stats({ context, engine }: Upkeep): Promise<Stats> {
  const { location: _, ...facts } = await engine.facts()
  const counts = documentedTables.map(
    (name, i) => sql`select ${raw(String(i))} as place, ${amountOf(context, name)}`,
  )
  const rows = await scanAll<{ place: number; amount: number }>(engine, sql`${join(counts, ' union all ')}`)
  const amounts = new Map(rows.map(({ place, amount }) => [place, amount]))
  return {
    size: Math.round((facts.sizeBytes / 1024 / 1024) * 100) / 100,
    ...facts,
    tableCount: documentedTables.length,
    tables: documentedTables.map((name, i) => ({ name, rows: amounts.get(i) ?? 0 })),
  }
}

function amountOf({ db }: Context, name: (typeof documentedTables)[number]): Sql {
  const isKept = name in tallied
  return isKept
    ? sql`coalesce(sum(amount), 0) as amount from ${countsOf(db.dialect, name as TalliedTable)}`
    : sql`count(*) as amount from ${raw(name)}`
}
