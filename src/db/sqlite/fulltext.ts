import type { FullText, TextEntry, TextQuery, TextRef, TextSource } from '../fulltext.ts'
import { raw, sql } from '../sql.ts'

/**
 * One FTS5 table indexes all sources, so that a rare word is one that is rare everywhere. The row ids of a source
 * are a range of their own, so that a query reads no other source's rows; they rise with every indexing.
 */
const ranges: Record<TextSource, { first: number; last: number }> = {
  memory_store: range(1),
  agent_memory: range(2),
  events: range(3),
  tasks: range(4),
  patterns: range(5),
}

function range(number: number): { first: number; last: number } {
  return { first: number * 2 ** 48, last: (number + 1) * 2 ** 48 - 1 }
}

/** bm25's weights of the columns scope, title and body. */
const score = raw('-bm25(hivewax_find, 0.0, 5.0, 1.0)')

/**
 * The full-text index on FTS5, https://sqlite.org/fts5.html. Lists come as JSON: one statement for any length. A cross
 * join keeps the planner from reading all records of the source to find those of a list.
 */
export const sqliteFullText: FullText = {
  put(source, entries) {
    const list = JSON.stringify(entries.map(toArray))
    const { first, last } = ranges[source]
    return [
      sql`insert into hivewax_find_records (id, source, ref, expires_at)
          select coalesce((select max(id) from hivewax_find_records where id between ${first} and ${last}), ${first})
                 + 1 + entry.key, ${source}, entry.value ->> 0, entry.value ->> 1
          from json_each(${list}) as entry`,
      // In the order of row ids: FTS5 writes out what it has gathered whenever a row id is not above the last.
      sql`insert into hivewax_find (rowid, scope, title, body)
          select record.id, entry.value ->> 2, entry.value ->> 3, entry.value ->> 4
          from json_each(${list}) as entry
          cross join hivewax_find_records as record on record.source = ${source} and record.ref = entry.value ->> 0
          order by record.id`,
    ]
  },

  remove(source, refs) {
    const list = JSON.stringify(refs)
    return [
      sql`delete from hivewax_find where rowid in (
            select record.id from json_each(${list}) as wanted
            cross join hivewax_find_records as record on record.source = ${source} and record.ref = wanted.value)`,
      sql`delete from hivewax_find_records
          where source = ${source} and ref in (select value from json_each(${list}))`,
    ]
  },

  match(query, now, limit) {
    const { first, last } = ranges[query.source]
    return sql`
      select record.ref, ${score} as score
      from hivewax_find cross join hivewax_find_records as record on record.id = hivewax_find.rowid
      where hivewax_find match ${expression(query)} and hivewax_find.rowid between ${first} and ${last}
        and (record.expires_at is null or record.expires_at > ${now})
      order by hivewax_find.rowid desc limit ${limit}`
  },

  exceeds(query, count) {
    const { first, last } = ranges[query.source]
    return sql`
      select 1 as more from hivewax_find
      where hivewax_find match ${expression(query)} and rowid between ${first} and ${last}
      limit 1 offset ${count}`
  },
}

function toArray({ ref, expiresAt, scope, title, body }: TextEntry): (TextRef | null)[] {
  return [ref, expiresAt, scope, title, body]
}

function expression({ terms, require, scope }: TextQuery): string {
  const parts = [anyOf(terms)]
  if (require !== undefined) parts.push(`${require.inTitle ? 'title : ' : ''}${anyOf(require.terms)}`)
  if (scope !== undefined) parts.push(`scope : ${quoted(scope)}`)
  return parts.join(' AND ')
}

function anyOf(terms: readonly string[]): string {
  return `(${terms.map(quoted).join(' OR ')})`
}

/** In quotes nothing is an operator. */
function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`
}
