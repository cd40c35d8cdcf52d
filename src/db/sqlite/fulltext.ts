import {
  countHolding,
  type FullText,
  marked,
  type TextEntry,
  type TextQuery,
  type TextRef,
  type TextSource,
  termsOf,
} from '../fulltext.ts'
import { raw, sql } from '../sql.ts'

/** What a term counts in the title, where in the body it counts 1. */
const titleWeight = 5

/** bm25's weights of the columns scope, title and body. */
const score = raw(`-bm25(hivewax_find, 0.0, ${titleWeight}.0, 1.0)`)

/**
 * The full-text index on FTS5, https://sqlite.org/fts5.html. Lists come as JSON: one statement for any
 * length. A cross join keeps the planner from reading all records of a source to find those of a list.
 */
export const sqliteFullText: FullText = {
  put(source, entries) {
    const records = JSON.stringify(entries.map(({ ref, expiresAt }) => [ref, expiresAt]))
    const texts = JSON.stringify(entries.map(entry => textsOf(source, entry)))
    return [
      sql`insert into hivewax_find_records (id, source, ref, expires_at)
          select coalesce((select max(id) from hivewax_find_records), 0) + 1 + entry.key,
                 ${source}, entry.value ->> 0, entry.value ->> 1
          from json_each(${records}) as entry`,
      // In the order of row ids: FTS5 writes out what it has gathered whenever a row id is not above the
      // last.
      sql`insert into hivewax_find (rowid, scope, title, body)
          select record.id, entry.value ->> 1, entry.value ->> 2, entry.value ->> 3
          from json_each(${texts}) as entry
          cross join hivewax_find_records as record
            on record.source = ${source} and record.ref = entry.value ->> 0
          order by record.id`,
    ]
  },

  remove(source, refs) {
    const list = JSON.stringify(refs)
    return [
      sql`delete from hivewax_find where rowid in (
            select record.id from json_each(${list}) as wanted
            cross join hivewax_find_records as record
              on record.source = ${source} and record.ref = wanted.value)`,
      sql`delete from hivewax_find_records
          where source = ${source} and ref in (select value from json_each(${list}))`,
    ]
  },

  held(source, refs) {
    return sql`
      select record.ref from json_each(${JSON.stringify(refs)}) as wanted
      cross join hivewax_find_records as record on record.source = ${source} and record.ref = wanted.value`
  },

  match(query, { now, limit, except }) {
    return sql`
      select record.ref, ${score} as score, record.id as indexed
      from hivewax_find cross join hivewax_find_records as record on record.id = hivewax_find.rowid
      where hivewax_find match ${expression(query)}
        and (record.expires_at is null or record.expires_at > ${now})
        and record.ref not in (select value from json_each(${JSON.stringify(except)}))
      order by hivewax_find.rowid desc limit ${limit}`
  },

  latest(source, { window, limit }) {
    return sql`
      select ref from hivewax_find_records
      where source = ${source} and id > (select max(id) from hivewax_find_records) - ${window}
      order by id desc limit ${limit}`
  },

  count(query, atMost) {
    return sql`
      select count(*) as count
      from (select 1 from hivewax_find where hivewax_find match ${expression(query)} limit ${atMost}) as hit`
  },

  async frequencies(db, query, added) {
    const [averages] = await db.all<{ block: Uint8Array }>(
      sql`select block from hivewax_find_data where id = 1`,
    )
    const [records = 0, ...lengths] = varints(averages?.block ?? new Uint8Array())
    const expressions = query.terms.map(term => expression({ source: query.source, terms: [term] }))
    const counts = await db.all<{ holding: number }>(
      sql`select (select count(*) from hivewax_find where hivewax_find match wanted.value) as holding
          from json_each(${JSON.stringify(expressions)}) as wanted order by wanted.key`,
    )
    const more = countHolding(query.terms, added.get(query.source) ?? [])
    const entries = [...added.values()].flat()
    return {
      records: records + entries.length,
      length: sum(lengths) + sum(entries.map(lengthOf)),
      holding: new Map(
        query.terms.map((term, i) => [term, (counts[i]?.holding ?? 0) + (more.get(term) ?? 0)]),
      ),
    }
  },

  score(entry, { terms }, { records, length, holding }) {
    const counts = weigh(terms, entry)
    const relative = (lengthOf(entry) * records) / length
    return sum(
      [...counts].map(([term, count]) => {
        const rarity = inverseFrequency(records, holding.get(term) ?? 0)
        return (rarity * count * (k1 + 1)) / (count + k1 * (1 - b + b * relative))
      }),
    )
  },
}

/** The constants of BM25 in FTS5, https://sqlite.org/fts5.html#the_bm25_function */
const k1 = 1.2
const b = 0.75

/** As FTS5 has it: a term that more than half of the records hold still counts a little. */
function inverseFrequency(records: number, holding: number): number {
  const rarity = Math.log((records - holding + 0.5) / (holding + 0.5))
  return rarity > 0 ? rarity : 1e-6
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

/** The length of an entry, in terms, as FTS5 counts it. */
function lengthOf({ scope, title, body }: TextEntry): number {
  return sum([scope, title, body].map(text => termsOf(text).length))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/**
 * Whole numbers as SQLite writes them, https://sqlite.org/fileformat2.html#varint. FTS5 keeps the number of records and
 * the length of each column so, for counting them would read them all.
 */
function varints(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let number = 0
  for (const byte of bytes) {
    number = number * 128 + (byte & 127)
    if (byte > 127) continue
    numbers.push(number)
    number = 0
  }
  return numbers
}

function textsOf(source: TextSource, { ref, scope, title, body }: TextEntry): TextRef[] {
  return [ref, scope, allMarked(source, title), allMarked(source, body)]
}

function allMarked(source: TextSource, terms: string): string {
  return terms === '' ? '' : marked(source, terms.replaceAll(' ', ` ${marked(source, '')}`))
}

function expression({ source, terms, require, scope }: TextQuery): string {
  const anyOf = (list: readonly string[]) =>
    `(${list.map(term => quoted(marked(source, term))).join(' OR ')})`
  const parts = [`{title body} : ${anyOf(terms)}`]
  if (require !== undefined)
    parts.push(`${require.inTitle ? 'title' : '{title body}'} : ${anyOf(require.terms)}`)
  if (scope !== undefined) parts.push(`scope : ${quoted(scope)}`)
  return parts.join(' AND ')
}

/** In quotes nothing is an operator. */
function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`
}
