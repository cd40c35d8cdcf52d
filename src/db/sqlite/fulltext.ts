import {
  type FullText,
  marked,
  type TextEntry,
  type TextQuery,
  type TextRef,
  type TextSource,
} from '../fulltext.ts'
import { raw, sql } from '../sql.ts'

/** bm25's weights of the columns scope, title and body. */
const score = raw('-bm25(hivewax_find, 0.0, 5.0, 1.0)')

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

  match(query, now, limit) {
    return sql`
      select record.ref, ${score} as score, record.id as indexed
      from hivewax_find cross join hivewax_find_records as record on record.id = hivewax_find.rowid
      where hivewax_find match ${expression(query)}
        and (record.expires_at is null or record.expires_at > ${now})
      order by hivewax_find.rowid desc limit ${limit}`
  },

  count(query, atMost) {
    return sql`
      select count(*) as count
      from (select 1 from hivewax_find where hivewax_find match ${expression(query)} limit ${atMost}) as hit`
  },
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
