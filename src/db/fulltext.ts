import type { Db } from './db.ts'
import type { Sql } from './sql.ts'

/** The tables whose records can be found by their words. */
export type TextSource = 'memory_store' | 'agent_memory' | 'events' | 'tasks' | 'patterns'

/** Names a record of a source by its `id`. */
export type TextRef = string | number

/**
 * A record as the index takes it. Its text comes as terms, each of letters and digits only, with a space
 * between: what counts as a word, and which words are the same, is decided before, so that it is the same on
 * every engine.
 */
export interface TextEntry {
  readonly ref: TextRef
  /** When the record ceases to be found, as the engine keeps times; null for never. */
  readonly expiresAt: string | Date | null
  /** One term that a query can ask for and that adds nothing to the score; '' for none. */
  readonly scope: string
  /** Terms that weigh five times as much as those of the body. */
  readonly title: string
  readonly body: string
}

export interface TextQuery {
  readonly source: TextSource
  /**
   * At least one. A record that holds any of them matches; the more of them, and the fewer other records of
   * the source hold them, the higher its score.
   */
  readonly terms: readonly string[]
  /** The scope that a match must have. */
  readonly scope?: string | undefined
}

/** Which matches of the index count, how many of them, and by what they are ranked. */
export interface TextMatches {
  readonly now: Sql
  readonly limit: number
  /** Records whose text in the index is out of date. */
  readonly except: readonly TextRef[]
  readonly frequencies: TextFrequencies
}

/** What the score of a text depends on besides the text. */
export interface TextFrequencies {
  /** How many records there are. */
  readonly records: number
  /** How many terms those have together, where the score depends on it. */
  readonly length: number
  /** How many of the records hold a term, by term: counted as long as it is few, else estimated. */
  readonly holding: ReadonlyMap<string, number>
  /** How many records have the scope that is asked for, where an engine has to know. */
  readonly inScope?: number
}

/** A match, and its score, which an engine may leave to whoever reads its text. */
export interface TextCandidate {
  readonly ref: TextRef
  readonly score?: number
}

/** Entries besides those of the index, by source. */
export type AddedEntries = ReadonlyMap<TextSource, readonly TextEntry[]>

/** The full-text index of an engine: which record holds which terms. It keeps no text. */
export interface FullText {
  /** Statements that put records into the index that it does not hold. */
  put(source: TextSource, entries: readonly TextEntry[]): Sql[]
  /** Statements that take records out of the index; those it does not hold are ignored. */
  remove(source: TextSource, refs: readonly TextRef[]): Sql[]
  /** A select of the `ref` of those among these records that the index holds. An engine may give any ref as text. */
  held(source: TextSource, refs: readonly TextRef[]): Sql
  /**
   * A select of `ref`, `score` (higher is better) and `indexed` (rises with every record put) of all matches that have
   * not expired, the best first. Reads the whole list of each term: for terms that few records hold.
   */
  rank(query: TextQuery, matches: TextMatches): Sql
  /**
   * Those matches that have not expired and are likely to score best, the likeliest first. However
   * many records hold the terms, it reads no more than a part of their lists: all of the rarest terms', and with them
   * what holds the others too; of the others' the end. An engine may leave the score to the text.
   */
  candidates(db: Pick<Db, 'all'>, query: TextQuery, matches: TextMatches): Promise<TextCandidate[]>
  /** A select of the `ref` of those records of a source, last first, that are among the `window` records indexed last. */
  latest(source: TextSource, among: { window: number; limit: number }): Sql
  /** How rare the terms of a query are. */
  frequencies(db: Pick<Db, 'all'>, query: TextQuery): Promise<TextFrequencies>
  /** The same, were these entries in the index as well. */
  withAdded(frequencies: TextFrequencies, query: TextQuery, added: AddedEntries): TextFrequencies
  /** The score that an entry has in the index, or would have there. 0 when it holds none of the terms. */
  score(entry: TextEntry, query: TextQuery, frequencies: TextFrequencies): number
}

/**
 * Where the index is looked into to estimate how many records hold a term that many do: so many places, evenly spread, and
 * so many records at each.
 */
export const samples = { places: 8, width: 256 }

/** As many of the rarest terms as at most so many records hold together; perhaps none. */
export function rarest(
  terms: readonly string[],
  holding: ReadonlyMap<string, number>,
  atMost: number,
): string[] {
  let left = atMost
  const sorted = terms.toSorted((a, b) => (holding.get(a) ?? 0) - (holding.get(b) ?? 0))
  const end = sorted.findIndex(term => {
    left -= holding.get(term) ?? 0
    return left < 0
  })
  return end === -1 ? sorted : sorted.slice(0, end)
}

/** The terms of a part of an entry, one by one. */
export function termsOf(text: string): string[] {
  return text === '' ? [] : text.split(' ')
}

/** How many of the entries hold a term, by term. */
export function countHolding(
  terms: readonly string[],
  entries: readonly TextEntry[],
): ReadonlyMap<string, number> {
  const counts = new Map(terms.map(term => [term, 0]))
  for (const { title, body } of entries) {
    for (const term of new Set([...termsOf(title), ...termsOf(body)])) {
      const count = counts.get(term)
      if (count !== undefined) counts.set(term, count + 1)
    }
  }
  return counts
}

const marks: Record<TextSource, string> = {
  memory_store: 'm',
  agent_memory: 'a',
  events: 'e',
  tasks: 't',
  patterns: 'p',
}

/**
 * A term as the index of all sources holds it: so a search reads no other source's matches, and the fewer records of
 * its source hold a term, the more that term counts.
 */
export function marked(source: TextSource, term: string): string {
  return marks[source] + term
}
