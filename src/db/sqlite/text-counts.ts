import type { Db } from '../db.ts'
import { samples, type TextFrequencies, type TextQuery } from '../fulltext.ts'
import { sql } from '../sql.ts'
import { inScope, inText } from './text-expressions.ts'

/** Up to how many records that match are counted one by one: FTS5 reads some ten of them in a microsecond. */
const maxCounted = 4_000

/** See `FullText.frequencies`: the records and the length are those of all sources. */
export async function frequenciesOf(
  db: Pick<Db, 'all'>,
  { source, terms, scope }: TextQuery,
): Promise<TextFrequencies> {
  const expressions = terms.map(term => inText(source, [term]))
  if (scope !== undefined) expressions.push(inScope(scope))
  const counts = await counted(db, expressions)
  return {
    ...(await totals(db)),
    holding: new Map(terms.map((term, i) => [term, counts[i] ?? 0])),
    ...(scope !== undefined && { inScope: counts[terms.length] ?? 0 }),
  }
}

async function counted(db: Pick<Db, 'all'>, expressions: readonly string[]): Promise<number[]> {
  const rows = await db.all<{ count: number }>(sql`
    select (select count(*) from (
        select 1 from hivewax_find where hivewax_find match wanted.value limit ${maxCounted})) as count
    from json_each(${JSON.stringify(expressions)}) as wanted order by wanted.key`)
  const counts = rows.map(({ count }) => count)
  const isMany = (_: unknown, i: number) => (counts[i] ?? 0) >= maxCounted
  if (!expressions.some(isMany)) return counts
  const estimates = await estimated(db, expressions.filter(isMany))
  return counts.map((count, i) => (isMany(count, i) ? Math.max(count, estimates.shift() ?? 0) : count))
}

/**
 * How many records match, as far as it shows where one looks into the index here and there. FTS5 skips to a row id that is
 * an integer only, which a sum with a number of JavaScript's is not.
 */
async function estimated(db: Pick<Db, 'all'>, expressions: readonly string[]): Promise<number[]> {
  const { places, width } = samples
  const steps = JSON.stringify(Array.from({ length: places }, (_, i) => i / (places - 1)))
  const rows = await db.all<{ estimate: number }>(sql`
    with ends as materialized (
      select (select min(id) from hivewax_find_records) as first, (select max(id) from hivewax_find_records) as last),
    place as materialized (
      select cast(first + (last - first - ${width}) * value as integer) as low,
             cast(first + (last - first - ${width}) * value + ${width - 1} as integer) as high
      from ends, json_each(${steps}))
    select (select count(*) from place cross join hivewax_find as entry
            where entry.hivewax_find match wanted.value and entry.rowid between low and high)
           * (select last - first from ends) / ${places * width} as estimate
    from json_each(${JSON.stringify(expressions)}) as wanted order by wanted.key`)
  return rows.map(({ estimate }) => estimate)
}

/** FTS5 keeps the number of records and the length of each column, for counting them would read them all. */
async function totals(db: Pick<Db, 'all'>): Promise<Pick<TextFrequencies, 'records' | 'length'>> {
  const [averages] = await db.all<{ block: Uint8Array }>(
    sql`select block from hivewax_find_data where id = 1`,
  )
  const [records = 0, ...lengths] = varints(averages?.block ?? new Uint8Array())
  return { records, length: lengths.reduce((total, length) => total + length, 0) }
}

/** Whole numbers as SQLite writes them, https://sqlite.org/fileformat2.html#varint */
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
