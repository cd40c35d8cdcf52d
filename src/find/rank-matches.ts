import type { Db } from '../db/db.ts'
import type { TextQuery, TextRef } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import type { Source } from './sources.ts'
import { scopeTerm } from './terms.ts'

/** How many matches are ranked, at some 2 µs each; of more than these, those that changed last. */
const maxRanked = 5_000

export interface Hit {
  readonly source: Source
  readonly ref: TextRef
  readonly score: number
}

interface Wanted {
  readonly terms: readonly string[]
  readonly namespace?: string | undefined
  readonly limit: number
}

/** The best matches of one source, best first, without those that have expired. */
export async function rankMatches(db: Db, source: Source, wanted: Wanted): Promise<Hit[]> {
  const queries = await narrowed(db, source, wanted)
  const lists = await Promise.all(queries.map(query => run(db, query, wanted.limit)))
  const best = new Map<TextRef, number>()
  for (const { ref, score } of lists.flat()) best.set(ref, Math.max(score, best.get(ref) ?? 0))
  const hits = [...best].map(([ref, score]) => ({ source, ref: source.toRef(ref), score }))
  return hits.sort((a, b) => b.score - a.score).slice(0, wanted.limit)
}

/**
 * One query, unless its words are so common that only the newest matches would be ranked: then also for those
 * matches that have one of the rarer words, and for those that have one in the title, however old they are.
 */
async function narrowed(
  db: Db,
  { name: source }: Source,
  { terms, namespace }: Wanted,
): Promise<TextQuery[]> {
  const query = { source, terms, scope: namespace === undefined ? undefined : scopeTerm(namespace) }
  const count = await countMatches(db, query)
  if (count <= maxRanked) return count === 0 ? [] : [query]
  const counts = await Promise.all(terms.map(term => countMatches(db, { ...query, terms: [term] })))
  const rarer = terms.filter((_, i) => (counts[i] ?? 0) <= maxRanked)
  const queries: TextQuery[] = [query, { ...query, require: { terms, inTitle: true } }]
  if (rarer.length > 0 && rarer.length < terms.length) {
    queries.push({ ...query, require: { terms: rarer, inTitle: false } })
  }
  return queries
}

/** How many records match; one more than are ranked stands for any number. */
async function countMatches(db: Db, query: TextQuery): Promise<number> {
  const [row] = await db.all<{ count: number }>(db.dialect.fullText.count(query, maxRanked + 1))
  return row?.count ?? 0
}

function run(db: Db, query: TextQuery, limit: number): Promise<Omit<Hit, 'source'>[]> {
  const { dialect } = db
  return db.all(
    sql`select ref, score from (${dialect.fullText.match(query, dialect.now(), maxRanked)}) as hit
        order by score desc, indexed desc limit ${limit}`,
  )
}
