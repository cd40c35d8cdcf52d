import { rarest, type TextFrequencies, type TextQuery } from '../fulltext.ts'
import { join, raw, type Sql, sql } from '../sql.ts'
import { rarityOf, titleGain } from './bm25.ts'
import { all, inScope, inText, inTitle } from './text-expressions.ts'

/** Of how many records that lead it is read which terms they hold, for all terms together. */
const work = 3_000

/** How many of the last records with a term are candidates, whatever else they hold. */
const lastCount = 100

/**
 * How far back the end of a list reaches, in records: one of a term, its titles, those that lead, and those with all terms.
 * FTS5 reads some ten in a microsecond; to look whether one has expired takes one.
 */
const reach = { latest: 150, titles: 10_000, lead: 4_000, whole: 50_000 }

/** Records of the index: what finds them, and how many they are, about. */
interface List {
  readonly expression: string
  readonly count: number
}

/** What there is to know of a search besides its query. */
interface Likely {
  readonly frequencies: TextFrequencies
  /** The condition that the record of an entry has not expired: what has must not fill the ends of lists. */
  readonly isLive: Sql
  readonly limit: number
}

/**
 * A select of the `id` and the `gain` of those records that are likely to score best: those with all terms; of what few
 * records have, the scope or the rarest terms, those that hold other terms besides; the last ones with each term, and the
 * last with one in their title. Of many records the last are looked at.
 */
export function likeliest(query: TextQuery, { frequencies, isLive, limit }: Likely): Sql {
  const { source, terms, scope } = query
  const within = scope === undefined ? undefined : inScope(scope)
  const lists = terms.map(term => listOf(query, frequencies, [term]))
  const gains = lists.map(({ count }) => rarityOf(frequencies.records, count))
  const lead = leadOf(query, frequencies)
  const leads = terms.length > 1 || scope !== undefined
  const found = terms.flatMap((term, i) => {
    const [text, gain] = [lists[i]?.expression, gains[i] ?? 0]
    const title = sql`${matches(inTitle(source, term), within)} and entry.rowid >= ${endOf(lists[i], reach.titles)}`
    const latest = sql`${matches(text, within)} and entry.rowid >= ${endOf(lists[i], reach.latest)}`
    const led = sql`${matches(text, lead.expression, within)}
      and entry.rowid >= (select coalesce(min(id), 0) from lead) and +entry.rowid in (select id from lead)`
    return [
      held(i, gain + gain * titleGain, lastLive(title, isLive, lastCount)),
      held(i, gain, lastLive(latest, isLive, lastCount)),
      ...(leads ? [held(i, gain, sql`(select rowid as id from hivewax_find as entry where ${led})`)] : []),
    ]
  })
  if (leads) {
    const texts = lists.map(({ expression }) => expression)
    const whole = sql`${matches(...texts, within)} and entry.rowid >= ${endOf(lead, reach.whole)}`
    const sum = gains.reduce((total, gain) => total + gain, 0)
    found.push(held(terms.length, sum, lastLive(whole, isLive, limit)))
  }
  const leading = sql`${matches(lead.expression, within)} and entry.rowid >= ${endOf(lead, reach.lead)}`
  return sql`
    with lead as materialized ${lastLive(leading, isLive, Math.ceil(work / terms.length))}
    select id, sum(gain) as gain from (
      select id, max(gain) as gain from (${join(found, ' union all ')}) group by id, part)
    group by id order by gain desc, id desc limit ${limit}`
}

/** A select of the `id` of the last records with any of the terms, however many of those have expired. */
export function lastOf(
  { source, terms, scope }: TextQuery,
  { isLive, limit }: Omit<Likely, 'frequencies'>,
): Sql {
  const within = scope === undefined ? undefined : inScope(scope)
  return sql`
    select entry.rowid as id, 0 as gain
    from hivewax_find as entry cross join hivewax_find_records as record on record.id = entry.rowid
    where ${matches(inText(source, terms), within)} and ${isLive} order by entry.rowid desc limit ${limit}`
}

/** Records that gain by a `part` of the query. */
function held(part: number, gain: number, records: Sql): Sql {
  return sql`select id, ${part} as part, ${gain} as gain from ${records}`
}

/**
 * The `id` of those of the last entries that meet a condition whose records have not expired. Backwards FTS5 would look for
 * one that meets it down to the beginning of a list, and only then whether its row id is one to look at: so it goes forwards.
 */
function lastLive(condition: Sql, isLive: Sql, limit: number): Sql {
  return sql`(
    select record.id from (
      select entry.rowid as id from hivewax_find as entry
      where ${condition} order by +entry.rowid desc limit ${4 * limit}) as last
    cross join hivewax_find_records as record on record.id = last.id
    where ${isLive} order by last.id desc limit ${limit})`
}

/** The records that hold any of the terms. */
function listOf({ source }: TextQuery, { holding }: TextFrequencies, terms: readonly string[]): List {
  const count = terms.reduce((sum, term) => sum + (holding.get(term) ?? 0), 0)
  return { expression: inText(source, terms), count }
}

/** The shortest list: that of the scope, or of as many of the rarest terms as few records hold together. */
function leadOf(query: TextQuery, frequencies: TextFrequencies): List {
  const { terms, scope } = query
  const few = rarest(terms, frequencies.holding, work / terms.length)
  const rare = few.length > 0 ? few : rarest(terms, frequencies.holding, Number.POSITIVE_INFINITY).slice(0, 1)
  const list = listOf(query, frequencies, rare)
  if (scope === undefined || frequencies.inScope === undefined || frequencies.inScope > list.count)
    return list
  return { expression: inScope(scope), count: frequencies.inScope }
}

function matches(...expressions: readonly (string | undefined)[]): Sql {
  return sql`entry.hivewax_find match ${all(...expressions)}`
}

/** The id at which the end of a list begins. */
function endOf(list: List | undefined, length: number): Sql {
  if (list === undefined || list.count <= length) return raw('0')
  return sql`(select coalesce(min(id), 0) from (
    select rowid as id from hivewax_find as entry where ${matches(list.expression)}
    order by rowid desc limit ${length}))`
}
