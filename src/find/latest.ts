import type { Db } from '../db/db.ts'
import type { TextRef, TextSource } from '../db/fulltext.ts'
import { readChanges } from './changes.ts'

/** Among how many of the last changes a source's own are looked for: those that wait, and those that were indexed. */
const waitingWindow = 1_000
const indexedWindow = 20_000

/**
 * The ids of the records of a source that were written last, last first, by what the index knows of the order of writes:
 * no index on times is needed for it. Records are missing after which very many of other sources were written, and
 * those that are gone may be there.
 */
export async function latestRefs(db: Db, source: TextSource, limit: number): Promise<string[]> {
  // In this order: what is indexed meanwhile goes this way, and is seen twice, not never.
  const waiting = await readChanges(db, 'newest', waitingWindow)
  const indexed = await db.all<{ ref: TextRef }>(
    db.dialect.fullText.latest(source, { window: indexedWindow, limit }),
  )
  const changed = waiting.filter(change => change.source === source).flatMap(({ ref }) => ref ?? [])
  // An engine may give any id as text.
  return [...new Set([...changed, ...indexed.map(({ ref }) => ref)].map(String))].slice(0, limit)
}
