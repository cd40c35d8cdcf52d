import { keepTallies, mendCounts, talliedTables, wrongCounts } from '../db/tallies.ts'
import { scanAll, type Upkeep } from './upkeep-context.ts'

/** Takes what is new into the counts that are kept, and mends them where SQL of others has changed rows unseen. */
export async function tidyCounts({ context, engine }: Upkeep, signal?: AbortSignal): Promise<void> {
  const { db } = context
  await keepTallies(db, signal)
  for (const table of talliedTables) {
    signal?.throwIfAborted()
    const wrong = await scanAll<{ part: string; amount: number }>(engine, wrongCounts(db.dialect, table))
    await mendCounts(db, table, wrong)
  }
}
