import type { Db } from '../db/db.ts'
import { type AddedEntries, type TextEntry, type TextRef, termsOf } from '../db/fulltext.ts'
import { LoopTurns } from '../util/loop-turns.ts'
import type { Backlog } from './backlog.ts'
import type { Matches, Wanted } from './rank-matches.ts'
import { entryOf, readLive, type Source, textLength } from './sources.ts'
import { scopeTerm } from './terms.ts'

/** A record that matches, and how well. */
export interface Hit {
  readonly source: Source
  readonly ref: TextRef
  readonly score: number
}

/** A record whose text was read, as the index would take it. */
interface ReadText {
  readonly source: Source
  readonly entry: TextEntry
}

/** About how much text of matches is read, in characters, once there are as many as are wanted. */
const maxLength = 1024 * 1024

/** How many records one statement reads: their texts may be long. */
const sliceSize = 64

/**
 * The matches of the index together with those of the backlog, in no order. Where the backlog holds some of what is wanted,
 * all are scored by their text, as if it were in the index: else its rarest words would not be known for rare, and a match of
 * the index whose record has changed unseen would count. Else only those are that the index has not scored.
 */
export async function withBacklog(
  db: Db,
  indexed: readonly Matches[],
  { backlog, wanted }: { backlog: Backlog; wanted: Wanted },
): Promise<Hit[]> {
  const changed = await entriesOf(backlog.rows)
  const matching = matchesOf(changed, wanted)
  const added: AddedEntries = matching.length === 0 ? new Map() : await notIndexed(db, changed)
  const hits: Hit[] = []
  for (const matches of indexed) {
    const { source, query, found } = matches
    const isScored = matching.length === 0 && found.every(({ score }) => score !== undefined)
    if (isScored) for (const { ref, score = 0 } of found) hits.push({ source, ref, score })
    if (isScored) continue
    const refs = found.map(({ ref }) => ref)
    const own = matching.filter(text => text.source === source).map(({ entry }) => entry)
    const frequencies = db.dialect.fullText.withAdded(matches.frequencies, query, added)
    for (const entry of [...own, ...(await readEntries(db, source, { refs, least: wanted.limit }))]) {
      const score = db.dialect.fullText.score(entry, query, frequencies)
      if (score > 0) hits.push({ source, ref: entry.ref, score })
    }
  }
  return hits
}

async function entriesOf(rows: Backlog['rows']): Promise<ReadText[]> {
  const turns = new LoopTurns()
  const texts: ReadText[] = []
  for (const { source, row } of rows) {
    texts.push({ source, entry: entryOf(source, row) })
    await turns.give()
  }
  return texts
}

/** The texts of these records, in order: of all of them unless they are long, but of so many in any case. */
async function readEntries(
  db: Db,
  source: Source,
  { refs, least }: { refs: readonly TextRef[]; least: number },
): Promise<TextEntry[]> {
  const turns = new LoopTurns()
  const entries: TextEntry[] = []
  let length = 0
  for (let from = 0; from < refs.length && (from < least || length < maxLength); from += sliceSize) {
    const slice = refs.slice(from, from + sliceSize)
    const rows = new Map((await readLive(db, source, slice)).map(row => [row.ref, row]))
    for (const row of slice.flatMap(ref => rows.get(ref) ?? [])) {
      entries.push(entryOf(source, row))
      length += textLength(row)
      await turns.give()
    }
  }
  return entries
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
async function notIndexed(db: Db, texts: readonly ReadText[]): Promise<AddedEntries> {
  const { fullText } = db.dialect
  const bySource = Map.groupBy(texts, ({ source }) => source)
  const reads = [...bySource].map(async ([source, own]) => {
    const refs = own.map(({ entry }) => entry.ref)
    const held = await db.all<{ ref: TextRef }>(fullText.held(source.name, refs))
    const known = new Set(held.map(({ ref }) => source.toRef(ref)))
    return [source.name, own.map(({ entry }) => entry).filter(({ ref }) => !known.has(ref))] as const
  })
  return new Map(await Promise.all(reads))
}
