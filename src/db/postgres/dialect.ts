import { type Clock, systemClock } from '../../util/clock.ts'
import { shiftTime } from '../../util/time.ts'
import type { CellsOf, Columns } from '../columns.ts'
import type { Dialect, EventsOfRows, WriteWithEvents } from '../db.ts'
import { type Binding, join, raw, Sql, sql } from '../sql.ts'
import { postgresFullText } from './fulltext.ts'
import { lockKeys } from './key-locks.ts'
import { postgresTallies } from './tallies.ts'

export const postgresBinding: Binding = {
  placeholder: index => `$${index + 1}`,
  time: date => date.toISOString(),
  // Of a limit that it knows, PostgreSQL thinks that it is beyond what it wrongly takes for few rows, and sorts all of
  // them. For one that must be computed it reads an index in order, and stops there.
  adapt: text => text.replace(/\blimit (\$\d+)/g, 'limit (select cast($1 as bigint))'),
}

/** Times that decide are the server's, so that clients need not agree; an injected clock, in tests, goes before. */
export function postgresDialect(clock: Clock): Dialect {
  const times = clock === systemClock ? serverTimes : clockTimes(clock)
  return {
    ...times,
    machine: name => sql`case when ${isLocal} then cast(${name} as text) end`,
    glob: (column, pattern) => sql`${column} ~ ${globToRegex(pattern)}`,
    jsonArrayHas: (column, value) => sql`coalesce(hivewax_holds(${column}, ${value}), false)`,
    inList: (column, values) => {
      if (values.length === 0) return raw('false')
      if (values.length === 1) return sql`${column} = ${values[0]}`
      const item = typeof values[0] === 'number' ? raw('cast(item as bigint)') : raw('item')
      const list = sql`json_array_elements_text(cast(${JSON.stringify(values)} as json)) as item`
      return inQuery(column, sql`select ${item} from ${list}`)
    },
    inQuery,
    equalsKey: (column, rows, key) => {
      const lookedUp = inQuery(column, raw(`select ${key} from ${rows}`))
      return sql`${column} = ${raw(`${rows}.${key}`)} and ${lookedUp}`
    },
    valuesTable: table,
    lateralJoin: (table, condition) =>
      sql`cross join lateral (select * from ${table} where ${condition} offset 0) as ${table}`,
    append: ({ count, values, from }, sealed) =>
      sql`insert into events (id, type, source, data, timestamp, author)
          select last - ${count} + at, ${values} from ${from}, hivewax_next_events(${count}, ${sealed}) as last
          where last is not null returning id, timestamp`,
    withEvents: (change, author) => withEvents(change, sql`${times.now()}, ${author}`),
    assertNoDependents: ids => sql`hivewax_unawaited(${ids})`,
    skipLocked: raw('for update skip locked'),
    forShare: raw('for share'),
    lockKeys: (kept, keys) => lockKeys({ valuesTable: table }, kept, keys),
    // A row that an insert has updated bears the lock that it took first.
    assertAboveFloor: (table, number) => sql`hivewax_issued(${number}, ${table}.xmax)`,
    checksum: () => null,
    fullText: postgresFullText,
    tallies: postgresTallies,
  }
}

/** The connection comes from the server's own machine. */
const isLocal = raw(
  `(inet_client_addr() is null or inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1')`,
)

const serverTimes: Pick<Dialect, 'now' | 'leaseNow' | 'leaseEpoch'> = {
  now: (offsetMs = 0) =>
    offsetMs === 0
      ? sql`clock_timestamp()`
      : sql`least(clock_timestamp() + ${asMs(offsetMs)} * interval '1 millisecond', ${lastTime})`,
  leaseNow: () => sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  // One server has one clock, which its leases compare by.
  leaseEpoch: () => sql`'server'`,
}

function clockTimes(clock: Clock): Pick<Dialect, 'now' | 'leaseNow' | 'leaseEpoch'> {
  const at = (ms: number) => sql`cast(${new Date(ms)} as timestamptz)`
  return {
    now: (offsetMs = 0) =>
      offsetMs instanceof Sql
        ? sql`least(${at(clock.now())} + ${offsetMs} * interval '1 millisecond', ${lastTime})`
        : at(shiftTime(clock.now(), offsetMs).getTime()),
    leaseNow: () => sql`cast(${clock.monotonicMs()} as bigint)`,
    leaseEpoch: () => sql`cast(${clock.bootId} as text)`,
  }
}

function asMs(offsetMs: number | Sql): Sql {
  if (offsetMs instanceof Sql) return offsetMs
  const longest = 8_000 * 365 * 86_400_000
  return sql`cast(${Math.min(Math.max(offsetMs, -longest), longest)} as double precision)`
}

/** The last time that SQLite's text form can hold in order: the same on both engines. */
const lastTime = raw("timestamptz '9999-12-31 23:59:59.999+00'")

/** An array's elements are looked up in an index one by one, and the rows of a query not if they are thought many. */
function inQuery(column: Sql, query: Sql): Sql {
  return sql`${column} = any (array(${query}))`
}

/** One list of JSON for each column: taking values out of rows would read every row's text again for each. */
function table<C extends Columns>(columns: C, rows: readonly CellsOf<C>[]): Sql {
  const { selected, names } = selection(columns)
  const lists = Object.keys(columns).map(name => JSON.stringify(rows.map(row => row[name] ?? null)))
  const elements = lists.map(list => sql`json_array_elements_text(cast(${list} as json))`)
  return sql`(select ${selected} from rows from (${join(elements)}) with ordinality as list (${names}, ordinal)
              order by ordinal)`
}

/**
 * The rows of the write are numbered, and their ids given out, once it has ended: so that a statement that appends holds
 * up none that waits for a row. What a `with` is asked for it does once only.
 */
function withEvents(
  { write, events, isSingle, check = () => raw('true') }: WriteWithEvents,
  timeAndAuthor: Sql,
): Sql {
  const { type, source } = events
  const values = sql`${raw(`'${type}'`)}, coalesce(${raw(source.column)}, ${source.otherwise}), ${jsonText(events)}, ${timeAndAuthor}`
  const insert = raw('insert into events (id, type, source, data, timestamp, author)')
  if (isSingle) {
    return sql`with written as (${write}),
        appended as (
          ${insert} select hivewax_next_events(1, 'fail'), ${values} from written where ${check(raw('array[id]'))})
      select * from written`
  }
  return sql`with written as (${write}),
      ids as materialized (
        select count(*) as count, ${check(raw('array_agg(id)'))} as is_fine, hivewax_next_events(count(*), 'fail') as last
        from written having count(*) > 0),
      appended as (
        ${insert} select last - count + row_number() over (), ${values} from ids, written)
    select * from written`
}

const jsonTexts = new WeakMap<EventsOfRows['data'], Sql>()

/** The text that JSON.stringify would make of an event's data. */
function jsonText({ data }: EventsOfRows): Sql {
  const known = jsonTexts.get(data)
  if (known !== undefined) return known
  const pairs = Object.entries(data).map(([key, value]) => {
    const text = typeof value === 'string' ? JSON.stringify(value) : `', ${jsonOf(value)}, '`
    return `${JSON.stringify(key)}:${text}`
  })
  const made = raw(`concat('{${pairs.join()}}')`)
  jsonTexts.set(data, made)
  return made
}

/** A number is its own JSON, which saves the server from asking what to make of it. */
function jsonOf({ column, isNumber }: { column: string; isNumber?: boolean }): string {
  return isNumber ? column : `to_json(${column})`
}

const typeNames = {
  text: 'text',
  'text?': 'text',
  number: 'bigint',
  'number?': 'bigint',
  time: 'timestamptz',
  'time?': 'timestamptz',
}

const selections = new Map<string, { selected: Sql; names: Sql }>()

/** The same fragments for the same columns, so that a statement is found again without building its text. */
function selection(columns: Columns): { selected: Sql; names: Sql } {
  const parts = Object.entries(columns).map(
    ([name, type]) => `cast(${name} as ${typeNames[type]}) as ${name}`,
  )
  const key = parts.join(', ')
  const known = selections.get(key)
  if (known !== undefined) return known
  const made = { selected: raw(key), names: raw(Object.keys(columns).join(', ')) }
  selections.set(key, made)
  return made
}

/** A regular expression that matches what a glob of SQLite does. Its engine takes no more than linear time for it. */
function globToRegex(glob: string): string {
  const tokens = glob.matchAll(/\[\^?\]?[^\]]*\]|[\s\S]/gu)
  const parts = Array.from(tokens, ([token]) => {
    if (token === '*') return '.*'
    if (token === '?') return '.'
    if (token.length > 1 && token.startsWith('[')) return charClass(token)
    return token.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  })
  return `^${parts.join('')}$`
}

function charClass(token: string): string {
  const isNegated = token[1] === '^'
  const members = token.slice(isNegated ? 2 : 1, -1).replace(/[\\[]/g, '\\$&')
  return `[${isNegated ? '^' : ''}${members}]`
}
