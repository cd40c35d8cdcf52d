import { type TextEntry, type TextFrequencies, termsOf } from '../fulltext.ts'
import { raw } from '../sql.ts'

// The score of FTS5, https://sqlite.org/fts5.html#the_bm25_function

/** What a term counts in the title, where in the body it counts 1. */
const titleWeight = 5

/** Of a match in a statement; the weights are those of the columns scope, title and body. */
export const bm25 = raw(`-bm25(hivewax_find, 0.0, ${titleWeight}.0, 1.0)`)

const k1 = 1.2
const b = 0.75

/** The same score of a text that need not be in the index. */
export function scoreOf(
  entry: TextEntry,
  terms: readonly string[],
  { records, length, holding }: TextFrequencies,
): number {
  const relative = (lengthOf(entry) * records) / length
  const scores = [...weigh(terms, entry)].map(([term, count]) => {
    const rarity = rarityOf(records, holding.get(term) ?? 0)
    return (rarity * count * (k1 + 1)) / (count + k1 * (1 - b + b * relative))
  })
  return scores.reduce((total, score) => total + score, 0)
}

/** What a term that so many of the records hold adds to the score of a text of average length that holds it once. */
export function rarityOf(records: number, holding: number): number {
  const rarity = Math.log((records - holding + 0.5) / (holding + 0.5))
  // As FTS5 has it: a term that more than half of the records hold still counts a little.
  return rarity > 0 ? rarity : 1e-6
}

/** What it adds more when the title holds it. */
export const titleGain = (titleWeight * (k1 + 1)) / (titleWeight + k1) - 1

/** The length of an entry, in terms, as FTS5 counts it. */
export function lengthOf({ scope, title, body }: TextEntry): number {
  return [scope, title, body].reduce((total, text) => total + termsOf(text).length, 0)
}

/** How often an entry holds each of the terms that it holds, by weight. */
function weigh(terms: readonly string[], { title, body }: TextEntry): ReadonlyMap<string, number> {
  const wanted = new Set(terms)
  const counts = new Map<string, number>()
  const add = (text: string, weight: number) => {
    for (const term of termsOf(text)) {
      if (wanted.has(term)) counts.set(term, (counts.get(term) ?? 0) + weight)
    }
  }
  add(title, titleWeight)
  add(body, 1)
  return counts
}
