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

/** What to look for, in whichever source. */
export interface Wanted {
  readonly terms: readonly string[]
  readonly namespace?: string | undefined
  readonly limit: number
}

/** The same as the index of one source is asked. */
export function queryOf({ name: source }: Source, { terms, namespace }: Wanted): TextQuery {
  return { source, terms, scope: namespace === undefined ? undefined : scopeTerm(namespace) }
}

/**
 * The best matches of one source in the index, best first, without those that have expired.
 * @param except records whose text in the index is out of date
 */
export async function rankMatches(
  db: Db,
  source: Source,
  { except, ...wanted }: Wanted & { except: readonly TextRef[] },
): Promise<Hit[]> {
  const { limit } = wanted
  const queries = await narrowed(db, queryOf(source, wanted))
  const lists = await Promise.all(queries.map(query => run(db, query, { limit, except })))
  const best = new Map<TextRef, number>()
  for (const { ref, score } of lists.flat()) best.set(ref, Math.max(score, best.get(ref) ?? 0))
  const hits = [...best].map(([ref, score]) => ({ source, ref: source.toRef(ref), score }))
  return hits.sort((a, b) => b.score - a.score).slice(0, limit)
}

/**
 * One query, unless its words are so common that only the newest matches would be ranked: then also for those
 * matches that have one of the rarer words, and for those that have one in the title, however old they are.
 */
async function narrowed(db: Db, query: TextQuery): Promise<TextQuery[]> {
  const { terms } = query
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

function run(
  db: Db,
  query: TextQuery,
  { limit, except }: { limit: number; except: readonly TextRef[] },
): Promise<Omit<Hit, 'source'>[]> {
  const { dialect } = db
  const matches = { now: dialect.now(), limit: maxRanked, except }
  return db.all(
    sql`select ref, score from (${dialect.fullText.match(query, matches)}) as hit
        order by score desc, indexed desc limit ${limit}`,
  )
}
