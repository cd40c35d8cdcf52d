import type { Db } from '../db/db.ts'
import type { TextCandidate, TextFrequencies, TextQuery, TextRef } from '../db/fulltext.ts'
import type { Source } from './sources.ts'
import { scopeTerm } from './terms.ts'

/** How many matches the index ranks, at some 5 µs each. Of more than these, the likeliest are scored by their text. */
const maxRanked = 2_000

/** How many matches of a source are scored by their text: so many times the results that are wanted, within bounds. */
const perResult = 5
const scoredBounds = { least: 80, most: 200 }

/** The matches of one source, and what their scores depend on. */
export interface Matches {
  readonly source: Source
  readonly query: TextQuery
  readonly frequencies: TextFrequencies
  readonly found: readonly TextCandidate[]
}

/** What to look for, in whichever source. */
export interface Wanted {
  readonly terms: readonly string[]
  readonly namespace?: string | undefined
  readonly limit: number
}

/**
 * The best matches of one source in the index, without those that have expired: more than are wanted, and without scores,
 * where many records hold the terms.
 * @param except records whose text in the index is out of date
 */
export async function rankMatches(
  db: Db,
  source: Source,
  { terms, namespace, limit, except }: Wanted & { except: readonly TextRef[] },
): Promise<Matches> {
  const { fullText, now } = db.dialect
  const scope = namespace === undefined ? undefined : scopeTerm(namespace)
  const query = { source: source.name, terms, scope }
  const frequencies = await fullText.frequencies(db, query)
  const wanted = { now: now(), except, frequencies }
  const count = terms.reduce((sum, term) => sum + (frequencies.holding.get(term) ?? 0), 0)
  const found =
    count <= maxRanked
      ? await db.all<TextCandidate>(fullText.rank(query, { ...wanted, limit }))
      : await fullText.candidates(db, query, { ...wanted, limit: likelyCount(limit) })
  return {
    source,
    query,
    frequencies,
    found: found.map(({ ref, score }) => ({ ref: source.toRef(ref), ...(score !== undefined && { score }) })),
  }
}

function likelyCount(limit: number): number {
  return Math.min(Math.max(perResult * limit, scoredBounds.least), scoredBounds.most)
}
