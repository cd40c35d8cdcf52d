import {
  countHolding,
  type FullText,
  marked,
  rarest,
  samples,
  type TextEntry,
  type TextMatches,
  type TextQuery,
  type TextRef,
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

  rank(query, matches) {
    const { source, terms } = query
    return scored(query, matches, {
      from: sql`select ref, indexed, terms from hivewax_find_records
                where ${holds(source, terms)} and ${isWanted(query, matches)}`,
    })
  },

  // What few records hold is looked up, and of those that were indexed last it is read what they hold. More than enough
  // of these are found as a rule; else any that hold all terms are as good as others.
  async candidates(db, query, matches) {
    const { source, terms, scope } = query
    const few = rarest(terms, matches.frequencies.holding, maxLed)
    const led = sql`select ref, indexed, terms from hivewax_find_records
      where ${few.length > 0 ? holds(source, few) : holds(source, terms, { all: true })}
        and ${few.length > 0 || terms.length > 1 ? raw('true') : sql`(select count(*) from latest) < ${matches.limit}`}
        and ${isWanted(query, matches)} limit ${maxLed}`
    const ofWalked = (condition: Sql) => sql`
      (select ref, indexed, terms from walked where ${condition} and ${isWanted(query, matches)} limit ${maxLatest})`
    return db.all<{ ref: TextRef; score: number }>(
      scored(query, matches, {
        with: sql`
          walked as materialized (${walk(source, scope)}),
          latest as materialized (${ofWalked(holds(source, terms))}),`,
        from: sql`
          select distinct on (indexed) ref, indexed, terms from (
            select * from latest
            union all ${ofWalked(holds(source, terms, { inTitle: true }))}
            union all (${led})) as found`,
      }),
    )
  },

  latest(source, { window, limit }) {
    return sql`
      select ref from hivewax_find_records
      where source = ${source} and indexed > (select max(indexed) from hivewax_find_records) - ${window}
      order by indexed desc limit ${limit}`
  },

  async frequencies(db, { source, terms }) {
    const counts = await db.all<{ total: number; holding: number }>(counting(source, terms))
    return {
      records: counts[0]?.total ?? 0,
      length: 0,
      holding: new Map(terms.map((term, i) => [term, counts[i]?.holding ?? 0])),
    }
  },

  withAdded({ records, holding }, { source, terms }, added) {
    const entries = added.get(source) ?? []
    const more = countHolding(terms, entries)
    return {
      records: records + entries.length,
      length: 0,
      holding: new Map(terms.map(term => [term, (holding.get(term) ?? 0) + (more.get(term) ?? 0)])),
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

/** How many records a search reads from the end of the index, and how many of those that match are scored. */
const maxWalked = 10_000
const maxLatest = 250

/** How many records with the rarest terms are scored, however old they are: some 10 µs each. */
const maxLed = 2_000

/**
 * The records of a source, or of a scope, that were indexed last. By pairs, for the planner would take an equation for a
 * reason to walk through the records of all sources instead.
 */
function walk(source: TextSource, scope: string | undefined): Sql {
  const [column, value] = scope === undefined ? ['source', source] : ['scope', scope]
  const within = raw(scope === undefined ? '' : "and scope <> ''")
  return sql`
    select ref, indexed, expires_at, scope, terms from hivewax_find_records
    where (${raw(column)}, indexed) >= (${value}, 0) and (${raw(column)}, indexed) <= (${value}, ${maxBigint}) ${within}
    order by ${raw(column)} desc, indexed desc limit ${maxWalked}`
}

const maxBigint = raw('9223372036854775807')

/** The best of some rows. Adding nothing to a vector unpacks it, once for all terms. */
function scored(
  { source, terms }: TextQuery,
  { frequencies, limit }: TextMatches,
  rows: { with?: Sql; from: Sql },
): Sql {
  const { records, holding } = frequencies
  const wanted = terms.map(term => [
    quoted(lexemeOf(source, term)),
    rarityOf(records, holding.get(term) ?? 0),
  ])
  return sql`
    with ${rows.with ?? raw('')} wanted as materialized (
      select cast(item ->> 0 as tsquery) as term, cast(item ->> 1 as double precision) as rarity
      from json_array_elements(cast(${JSON.stringify(wanted)} as json)) as item)
    select ref, indexed, (${score}) as score
    from (select ref, indexed, terms || cast('' as tsvector) as terms from (${rows.from}) as found offset 0) as record
    order by score desc, indexed desc limit ${limit}`
}

/** Up to how many records are counted to tell how rare a term is: more of them are no rarer. */
const maxCounted = 10_000

function rarityOf(total: number, holding: number): number {
  return Math.log(1 + total / (1 + holding))
}

/**
 * How many records the source has, and how many of them hold each term, in order. In a large index that is looked up
 * for those terms only that few of some records hold: else the server would gather all that do.
 */
function counting(source: TextSource, terms: readonly string[]): Sql {
  const { places, width } = samples
  const wanted = JSON.stringify(terms.map(term => quoted(lexemeOf(source, term))))
  return sql`
    with ends as materialized (
      select min(indexed) as first, max(indexed) - min(indexed) as span from hivewax_find_records),
    sample as materialized (
      select record.terms from ends cross join generate_series(0, ${places - 1}) as place
      cross join lateral (
        select source, terms from hivewax_find_records
        where indexed >= first + (span - ${width}) * place / ${places - 1} order by indexed limit ${width}) as record
      where ends.span > ${2 * maxCounted} and record.source = ${source}),
    estimated as materialized (
      select cast(item as tsquery) as term, at,
             (select count(*) from sample where sample.terms @@ cast(item as tsquery)) * span / ${places * width} as holding
      from json_array_elements_text(cast(${wanted} as json)) with ordinality as list (item, at) cross join ends)
    select total, case when estimated.holding > ${maxCounted / 2} then least(estimated.holding, ${maxCounted})
        else (select count(*) from (
          select 1 from hivewax_find_records as record where record.terms @@ estimated.term limit ${maxCounted}) as counted)
      end as holding
    from estimated
    cross join (select count(*) as total from (
      select 1 from hivewax_find_records where source = ${source} limit ${maxCounted}) as counted) as records
    order by at`
}

/**
 * The records that hold any of the terms, or all, or any in the title. The terms tell the source: to ask for it as well
 * would have all of its records looked up.
 */
function holds(
  source: TextSource,
  terms: readonly string[],
  { all = false, inTitle = false }: { all?: boolean; inTitle?: boolean } = {},
): Sql {
  const lexemes = terms.map(term => `${quoted(lexemeOf(source, term))}${inTitle ? ':A' : ''}`)
  return sql`terms @@ cast(${lexemes.join(all ? ' & ' : ' | ')} as tsquery)`
}

function isWanted({ scope }: TextQuery, { now, except }: TextMatches): Sql {
  const parts = [
    sql`(expires_at is null or expires_at > ${now})`,
    sql`ref not in (select item from json_array_elements_text(cast(${JSON.stringify(except)} as json)) as item)`,
  ]
  if (scope !== undefined) parts.push(sql`scope = ${scope}`)
  return join(parts, ' and ')
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
