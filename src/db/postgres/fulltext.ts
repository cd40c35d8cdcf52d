import { type FullText, marked, type TextEntry, type TextQuery, type TextSource } from '../fulltext.ts'
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

  // Sorted without their vectors, many matches fit into memory. Adding nothing to a vector unpacks it, once for all
  // terms.
  match(query, now, limit) {
    return sql`
      with wanted as materialized (${rarities(query)}),
      latest as materialized (
        select indexed from hivewax_find_records
        where ${matches(query)} and (expires_at is null or expires_at > ${now})
        order by indexed desc limit ${limit})
      select ref, indexed, (${score}) as score
      from (select record.ref, record.indexed, record.terms || cast('' as tsvector) as terms
            from latest join hivewax_find_records as record on record.indexed = latest.indexed
            offset 0) as record`
  },

  count(query, atMost) {
    return sql`select count(*) as count
               from (select 1 from hivewax_find_records where ${matches(query)} limit ${atMost}) as hit`
  },
}

/** How much room a vector's terms may take, and one of them: the server takes 1,048,575 and 2,046 bytes. */
const maxVectorBytes = 1_000_000
const maxTermBytes = 2_000

/** What a vector notes of each term besides its letters, in bytes at most. */
const noteBytes = 8

/**
 * Where the terms are, and how often, by the four weights there are: A in the title, of the body B for four times
 * and more, C for two or three, D for once. Of a text too large for a vector, the beginning.
 */
function vectorOf(source: TextSource, { title, body }: TextEntry): string {
  const titled = countTerms(source, title)
  const counts = countTerms(source, body)
  let room = maxVectorBytes
  const notes: string[] = []
  for (const term of new Set([...titled.keys(), ...counts.keys()])) {
    room -= Buffer.byteLength(term) + noteBytes
    if (room < 0) break
    const inTitle = titled.has(term) ? ['1A'] : []
    const inBody = counts.has(term) ? [`2${weightOf(counts.get(term) ?? 0)}`] : []
    notes.push(`${quoted(term)}:${[...inTitle, ...inBody].join(',')}`)
  }
  return notes.join(' ')
}

function countTerms(source: TextSource, terms: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const term of terms.split(' ')) {
    if (term === '') continue
    const lexeme = lexemeOf(source, term)
    counts.set(lexeme, (counts.get(lexeme) ?? 0) + 1)
  }
  return counts
}

function weightOf(count: number): string {
  if (count >= 4) return 'B'
  return count >= 2 ? 'C' : 'D'
}

/** The weights D, C, B and A, none above 1: as often as a term is in a body, and five times for the title. */
const weights = raw("cast('{0.2, 0.4, 0.8, 1.0}' as real[])")

/**
 * Each term adds its rarity, as far as the record is about it: half of that when its weight is `0.042 * ln(1 + n)`
 * in a record of n different terms. So more of the words count more than one word in a title, and a word counts
 * more in a short text. After BM25, https://doi.org/10.1561/1500000019, with the constants that it has in SQLite for
 * texts of 30 terms, where a body's single term ranks 0.12.
 */
const score = sql`
  select sum(wanted.rarity * weight / (weight + 0.042 * ln(1.0 + cast(length(record.terms) as double precision))))
  from wanted cross join lateral (
    select cast(ts_rank(${weights}, record.terms, wanted.term) as double precision) as weight offset 0) as held
  where weight > 0`

/** Up to how many records are counted to tell how rare a term is: more of them are no rarer. */
const maxCounted = 10_000

/** Each term, and how much it counts: the rarer among the records of the source, the more. */
function rarities({ source, terms, require }: TextQuery): Sql {
  const wanted = [...terms, ...(require?.terms ?? [])].map(term => quoted(lexemeOf(source, term)))
  return sql`
    select term, ln(1.0 + cast(total as double precision) / (1.0 + holding)) as rarity
    from (select cast(item as tsquery) as term
          from json_array_elements_text(cast(${JSON.stringify(wanted)} as json)) as item) as list
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
