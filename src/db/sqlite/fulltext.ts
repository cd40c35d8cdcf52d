import { countHolding, type FullText, marked, type TextRef, type TextSource } from '../fulltext.ts'
import { raw, type Sql, sql } from '../sql.ts'
import { bm25, lengthOf, scoreOf } from './bm25.ts'
import { lastOf, likeliest } from './candidates.ts'
import { frequenciesOf } from './text-counts.ts'
import { all, inScope, inText } from './text-expressions.ts'

/**
 * The full-text index on FTS5, https://sqlite.org/fts5.html. Lists come as JSON: one statement for any
 * length. A cross join keeps the planner from reading all records of a source to find those of a list.
 */
export const sqliteFullText: FullText = {
  put(source, entries) {
    const records = JSON.stringify(entries.map(({ ref, expiresAt }) => [ref, expiresAt]))
    const texts = JSON.stringify(entries.map(({ ref, scope, title, body }) => [ref, scope, title, body]))
    return [
      sql`insert into hivewax_find_records (id, source, ref, expires_at)
          select coalesce((select max(id) from hivewax_find_records), 0) + 1 + entry.key,
                 ${source}, entry.value ->> 0, entry.value ->> 1
          from json_each(${records}) as entry`,
      // In the order of row ids: FTS5 writes out what it has gathered whenever a row id is not above the
      // last.
      sql`insert into hivewax_find (rowid, scope, title, body)
          select record.id, entry.value ->> 1, ${allMarked(source, sql`entry.value ->> 2`)},
                 ${allMarked(source, sql`entry.value ->> 3`)}
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

  // bm25 reads the list of each of its phrases whole, and would read that of the scope, were it one of them.
  rank({ source, terms, scope }, { now, limit, except }) {
    const text = inText(source, terms)
    const scoped = scope === undefined ? undefined : all(text, inScope(scope))
    const isInScope =
      scoped === undefined
        ? raw('1 = 1')
        : sql`+hivewax_find.rowid in (select rowid from hivewax_find where hivewax_find match ${scoped})`
    return sql`
      select record.ref, ${bm25} as score, record.id as indexed
      from hivewax_find cross join hivewax_find_records as record on record.id = hivewax_find.rowid
      where hivewax_find match ${text} and ${isInScope} and ${isLive(now)} and ${isCurrent(except)}
      order by score desc, indexed desc limit ${limit}`
  },

  async candidates(db, query, { now, limit, except, frequencies }) {
    const wanted = { frequencies, isLive: isLive(now), limit: limit + except.length }
    const read = (likely: Sql) =>
      db.all<{ ref: TextRef }>(sql`
        select record.ref from (${likely}) as likely
        cross join hivewax_find_records as record on record.id = likely.id
        where ${isCurrent(except)} order by likely.gain desc, likely.id desc limit ${limit}`)
    const found = await read(likeliest(query, wanted))
    // All that was looked at may have expired.
    return found.length > 0 ? found : read(lastOf(query, wanted))
  },

  latest(source, { window, limit }) {
    return sql`
      select ref from hivewax_find_records
      where source = ${source} and id > (select max(id) from hivewax_find_records) - ${window}
      order by id desc limit ${limit}`
  },

  frequencies: frequenciesOf,

  withAdded(frequencies, { source, terms }, added) {
    const more = countHolding(terms, added.get(source) ?? [])
    const entries = [...added.values()].flat()
    const countOf = (term: string) => (frequencies.holding.get(term) ?? 0) + (more.get(term) ?? 0)
    return {
      records: frequencies.records + entries.length,
      length: entries.reduce((length, entry) => length + lengthOf(entry), frequencies.length),
      holding: new Map(terms.map(term => [term, countOf(term)])),
    }
  },

  score: (entry, { terms }, frequencies) => scoreOf(entry, terms, frequencies),
}

function isLive(now: Sql): Sql {
  return sql`(record.expires_at is null or record.expires_at > ${now})`
}

function isCurrent(except: readonly TextRef[]): Sql {
  return sql`record.ref not in (select value from json_each(${JSON.stringify(except)}))`
}

/** Terms with a space between, each marked: SQLite does it in a tenth of the time. */
function allMarked(source: TextSource, terms: Sql): Sql {
  const mark = marked(source, '')
  return sql`${mark} || replace(nullif(${terms}, ''), ' ', ${` ${mark}`})`
}
