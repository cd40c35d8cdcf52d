import {
  countHolding,
  type FullText,
  marked,
  type TextEntry,
  type TextQuery,
  type TextSource,
  termsOf,
} from '../fulltext.ts'
import { join, raw, type Sql, sql } from '../sql.ts'

/**
 * The full-text index as a `tsvector` for each record,
 * https://www.postgresql.org/docs/current/datatype-textsearch.html. Which words there are was decided before, so
 * vectors and queries are written out and go through no dictionary of the server's. Lists come as JSON: one statement
 * for any length.
 */
export const postgresFullText: FullText = {
  put(source, entries) {
    const rows = entries.map(entry => [entry.ref, entry.expiresAt, entry.scope, vectorOf(source, entry)])
    return [
      sql`insert into hivewax_find_records (source, ref, expires_at, scope, terms)
          select ${source}, item ->> 0, cast(item ->> 1 as timestamptz), item ->> 2, cast(item ->> 3 as tsvector)
          from json_array_elements(cast(${JSON.stringify(rows)} as json)) with ordinality as list (item, at)
          order by at`,
    ]
  },

  remove(source, refs) {
    return [
      sql`delete from hivewax_find_records where source = ${source}
          and ref in (select item from json_array_elements_text(cast(${JSON.stringify(refs)} as json)) as item)`,
    ]
  },

  held(source, refs) {
    return sql`select ref from hivewax_find_records where source = ${source}
               and ref in (select item from json_array_elements_text(cast(${JSON.stringify(refs)} as json)) as item)`
  },

  // Sorted without their vectors, many matches fit into memory. Adding nothing to a vector unpacks it, once for all
  // terms.
  match(query, { now, limit, except }) {
    return sql`
      with wanted as materialized (${rarities(query)}),
      latest as materialized (
        select indexed from hivewax_find_records
        where ${matches(query)} and (expires_at is null or expires_at > ${now})
          and ref not in (select item from json_array_elements_text(cast(${JSON.stringify(except)} as json)) as item)
        order by indexed desc limit ${limit})
      select ref, indexed, (${score}) as score
      from (select record.ref, record.indexed, record.terms || cast('' as tsvector) as terms
            from latest join hivewax_find_records as record on record.indexed = latest.indexed
            offset 0) as record`
  },

  latest(source, { window, limit }) {
    return sql`
      select ref from hivewax_find_records
      where source = ${source} and indexed > (select max(indexed) from hivewax_find_records) - ${window}
      order by indexed desc limit ${limit}`
  },

  count(query, atMost) {
    return sql`select count(*) as count
               from (select 1 from hivewax_find_records where ${matches(query)} limit ${atMost}) as hit`
  },

  async frequencies(db, query, added) {
    const counts = await db.all<{ total: number; holding: number }>(
      sql`select total, holding from (${counted(query)}) as counted order by at`,
    )
    const entries = added.get(query.source) ?? []
    const more = countHolding(query.terms, entries)
    return {
      records: (counts[0]?.total ?? 0) + entries.length,
      length: 0,
      holding: new Map(
        query.terms.map((term, i) => [term, (counts[i]?.holding ?? 0) + (more.get(term) ?? 0)]),
      ),
    }
  },

  score(entry, { source, terms }, { records, holding }) {
    const lexemes = lexemesOf(source, entry)
    const share = lengthShare * Math.log(1 + lexemes.size)
    const scores = terms.map(term => {
      const found = lexemes.get(lexemeOf(source, term))
      if (found === undefined) return 0
      const rarity = rarityOf(Math.min(records, maxCounted), Math.min(holding.get(term) ?? 0, maxCounted))
      const weight = rankOf(found)
      return (rarity * weight) / (weight + share)
    })
    return scores.reduce((sum, score) => sum + score, 0)
  },
}

/** How much room a vector's terms may take, and one of them: the server takes 1,048,575 and 2,046 bytes. */
const maxVectorBytes = 1_000_000
const maxTermBytes = 2_000

/** What a vector notes of each term besides its letters, in bytes at most. */
const noteBytes = 8

/** Where a text holds a lexeme. */
interface Place {
  readonly inTitle: boolean
  /** How often the body does. */
  readonly count: number
}

/** The lexemes of an entry; of a text too large for a vector, those of its beginning. */
function lexemesOf(source: TextSource, { title, body }: TextEntry): ReadonlyMap<string, Place> {
  const titled = countLexemes(source, title)
  const counts = countLexemes(source, body)
  const places = new Map<string, Place>()
  let room = maxVectorBytes
  for (const lexeme of new Set([...titled.keys(), ...counts.keys()])) {
    room -= Buffer.byteLength(lexeme) + noteBytes
    if (room < 0) break
    places.set(lexeme, { inTitle: titled.has(lexeme), count: counts.get(lexeme) ?? 0 })
  }
  return places
}

function countLexemes(source: TextSource, terms: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const term of termsOf(terms)) {
    const lexeme = lexemeOf(source, term)
    counts.set(lexeme, (counts.get(lexeme) ?? 0) + 1)
  }
  return counts
}

/**
 * Where the terms are, and how often, by the four weights there are: A in the title, of the body B for four times
 * and more, C for two or three, D for once.
 */
function vectorOf(source: TextSource, entry: TextEntry): string {
  const notes = [...lexemesOf(source, entry)].map(([lexeme, { inTitle, count }]) => {
    const places = [...(inTitle ? ['1A'] : []), ...(count > 0 ? [`2${weightOf(count)}`] : [])]
    return `${quoted(lexeme)}:${places.join(',')}`
  })
  return notes.join(' ')
}

function weightOf(count: number): 'B' | 'C' | 'D' {
  if (count >= 4) return 'B'
  return count >= 2 ? 'C' : 'D'
}

/** What the four weights count, none above 1: as often as a term is in a body, and five times for the title. */
const weights = { D: 0.2, C: 0.4, B: 0.8, A: 1 }

/** The same as the server takes them. */
const weightList = raw(`cast('{${Object.values(weights).join(', ')}}' as real[])`)

/** `ts_rank` divides by the sum of 1/n² over all n, and counts the second of two places a quarter. */
const rankDivisor = 1.64493406685

/** The rank of one lexeme, as `ts_rank` has it. */
function rankOf({ inTitle, count }: Place): number {
  const inBody = count > 0 ? weights[weightOf(count)] : 0
  return (inTitle ? weights.A + inBody / 4 : inBody) / rankDivisor
}

/** What a text's length counts against its rank. */
const lengthShare = 0.042

/**
 * Each term adds its rarity, as far as the record is about it: half of that when its weight is `0.042 * ln(1 + n)`
 * in a record of n different terms. So more of the words count more than one word in a title, and a word counts
 * more in a short text. After BM25, https://doi.org/10.1561/1500000019, with the constants that it has in SQLite for
 * texts of 30 terms, where a body's single term ranks 0.12.
 */
const score = sql`
  select sum(wanted.rarity * weight / (weight + ${raw(String(lengthShare))} * ln(1.0 + cast(length(record.terms) as double precision))))
  from wanted cross join lateral (
    select cast(ts_rank(${weightList}, record.terms, wanted.term) as double precision) as weight offset 0) as held
  where weight > 0`

/** Up to how many records are counted to tell how rare a term is: more of them are no rarer. */
const maxCounted = 10_000

/** Each term, and how much it counts: the rarer among the records of the source, the more. */
function rarities(query: TextQuery): Sql {
  return sql`select term, ln(1.0 + cast(total as double precision) / (1.0 + holding)) as rarity
             from (${counted(query)}) as counted`
}

function rarityOf(total: number, holding: number): number {
  return Math.log(1 + total / (1 + holding))
}

/** Each term in its order, how many records the source has, and how many of them hold the term. */
function counted({ source, terms, require }: TextQuery): Sql {
  const wanted = [...terms, ...(require?.terms ?? [])].map(term => quoted(lexemeOf(source, term)))
  return sql`
    select term, at, total, holding
    from (select cast(item as tsquery) as term, at
          from json_array_elements_text(cast(${JSON.stringify(wanted)} as json)) with ordinality as list (item, at)) as list
    cross join (select count(*) as total from (
      select 1 from hivewax_find_records where source = ${source} limit ${maxCounted}) as counted) as records
    cross join lateral (select count(*) as holding from (
      select 1 from hivewax_find_records where terms @@ list.term limit ${maxCounted}) as counted) as found`
}

/** The terms tell the source: to ask for it as well would have all of its records looked up. */
function matches({ source, terms, require, scope }: TextQuery): Sql {
  const parts = [holdsAny(source, terms, '')]
  if (require !== undefined) parts.push(holdsAny(source, require.terms, require.inTitle ? ':A' : ''))
  if (scope !== undefined) parts.push(sql`scope = ${scope}`)
  return join(parts, ' and ')
}

function holdsAny(source: TextSource, terms: readonly string[], weight: string): Sql {
  const query = terms.map(term => `${quoted(lexemeOf(source, term))}${weight}`).join(' | ')
  return sql`terms @@ cast(${query} as tsquery)`
}

/** A term as the index holds it. Of a very long one, which is no word, the beginning tells enough. */
function lexemeOf(source: TextSource, term: string): string {
  const lexeme = marked(source, term)
  if (Buffer.byteLength(lexeme) <= maxTermBytes) return lexeme
  return Buffer.from(lexeme).subarray(0, maxTermBytes).toString()
}

/** In quotes nothing is an operator. */
function quoted(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
