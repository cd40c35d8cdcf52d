import type { Db } from '../db/db.ts'
import { type TextEntry, type TextSource, termsOf } from '../db/fulltext.ts'
import { LoopTurns } from '../util/loop-turns.ts'
import type { Backlog } from './backlog.ts'
import { type Hit, queryOf, type Wanted } from './rank-matches.ts'
import { entryOf, readLive, type Source, type SourceRow } from './sources.ts'
import { scopeTerm } from './terms.ts'

/** A record whose text was read, as the index would take it. */
interface ReadText {
  readonly source: Source
  readonly entry: TextEntry
}

/**
 * The matches of the index together with those of the backlog, in no order. Both are then scored by their text, as if
 * the backlog were in the index: else its rarest words would not be known for rare, and a match of the index whose
 * record has changed unseen would count. Where the backlog holds nothing of what is wanted, the index is right as it is.
 */
export async function withBacklog(
  db: Db,
  hits: readonly Hit[],
  { backlog, wanted }: { backlog: Backlog; wanted: Wanted },
): Promise<readonly Hit[]> {
  const changed = await readTexts(backlog.rows)
  const matching = matchesOf(changed, wanted)
  if (matching.length === 0) return hits
  const candidates = [...matching, ...(await readTexts(await rowsOf(db, hits)))]
  const added = await notIndexed(db, changed)
  const scored = [...Map.groupBy(candidates, ({ source }) => source)].map(([source, texts]) =>
    score(db, { source, texts }, { wanted, added }),
  )
  return (await Promise.all(scored)).flat()
}

async function readTexts(rows: Backlog['rows']): Promise<ReadText[]> {
  const turns = new LoopTurns()
  const texts: ReadText[] = []
  for (const { source, row } of rows) {
    texts.push({ source, entry: entryOf(source, row) })
    await turns.give()
  }
  return texts
}

async function rowsOf(db: Db, hits: readonly Hit[]): Promise<{ source: Source; row: SourceRow }[]> {
  const bySource = Map.groupBy(hits, ({ source }) => source)
  const reads = [...bySource].map(async ([source, own]) => {
    const refs = own.map(({ ref }) => ref)
    return (await readLive(db, source, refs)).map(row => ({ source, row }))
  })
  return (await Promise.all(reads)).flat()
}

function matchesOf(texts: readonly ReadText[], { terms, namespace }: Wanted): ReadText[] {
  const sought = new Set(terms)
  const scope = namespace === undefined ? undefined : scopeTerm(namespace)
  const holdsAny = (text: string) => termsOf(text).some(term => sought.has(term))
  return texts.filter(
    ({ entry }) =>
      (scope === undefined || scope === entry.scope) && (holdsAny(entry.title) || holdsAny(entry.body)),
  )
}

/** Those that the index does not count yet; of a record that changed, it counts the older text. */
async function notIndexed(
  db: Db,
  texts: readonly ReadText[],
): Promise<ReadonlyMap<TextSource, readonly TextEntry[]>> {
  const { fullText } = db.dialect
  const bySource = Map.groupBy(texts, ({ source }) => source)
  const reads = [...bySource].map(async ([source, own]) => {
    const refs = own.map(({ entry }) => entry.ref)
    const held = await db.all<{ ref: TextEntry['ref'] }>(fullText.held(source.name, refs))
    const known = new Set(held.map(({ ref }) => source.toRef(ref)))
    return [source.name, own.map(({ entry }) => entry).filter(({ ref }) => !known.has(ref))] as const
  })
  return new Map(await Promise.all(reads))
}

async function score(
  db: Db,
  { source, texts }: { source: Source; texts: readonly ReadText[] },
  { wanted, added }: { wanted: Wanted; added: ReadonlyMap<TextSource, readonly TextEntry[]> },
): Promise<Hit[]> {
  const { fullText } = db.dialect
  const query = queryOf(source, wanted)
  const frequencies = await fullText.frequencies(db, query, added)
  const hits = texts.map(({ entry }) => ({
    source,
    ref: entry.ref,
    score: fullText.score(entry, query, frequencies),
  }))
  return hits.filter(({ score }) => score > 0)
}
