import type { Clock } from '../../util/clock.ts'
import { shiftTime, toTimeText } from '../../util/time.ts'
import { isUnsealed } from '../chain.ts'
import { checksumOf } from '../checksums.ts'
import type { CellsOf, Columns } from '../columns.ts'
import type { Dialect } from '../db.ts'
import { rowTallies } from '../row-tallies.ts'
import { type Binding, raw, Sql, sql } from '../sql.ts'
import { sqliteFullText } from './fulltext.ts'

export const sqliteBinding: Binding = {
  placeholder: () => '?',
  time: toTimeText,
  // SQLite plans by the bound value of a limit and of a pattern, and so compiles the statement anew for each: a
  // search took 100 µs instead of 40. An expression around the parameter hides its value from the planner.
  adapt: text => text.replace(/\blimit \?/g, 'limit (? + 0)').replace(/\bglob \?/g, "glob (? || '')"),
}

/** SQLite has no clock of its own here: every time is bound as a parameter, from the handle's clock. */
export function sqliteDialect(clock: Clock): Dialect {
  return {
    now: (offsetMs = 0) =>
      offsetMs instanceof Sql ? later(clock.now(), offsetMs) : sql`${shiftTime(clock.now(), offsetMs)}`,
    leaseNow: () => sql`${clock.monotonicMs()}`,
    leaseEpoch: () => sql`${clock.bootId}`,
    machine: name => sql`${name}`,
    glob: (column: Sql, pattern: string) => sql`${column} glob ${pattern}`,
    jsonArrayHas: (column: Sql, value: string) =>
      sql`exists (select 1 from json_each(case when json_valid(${column}) then ${column} end) as member
                  where member.type = 'text' and member.atom = ${value})`,
    inList: (column, values) => sql`${column} in (select value from json_each(${JSON.stringify(values)}))`,
    inQuery: (column, query) => sql`${column} in (${query})`,
    equalsKey: (column, rows, key) => sql`${column} = ${raw(`${rows}.${key}`)}`,
    valuesTable: table,
    lateralJoin: (table, condition) => sql`join ${table} on ${condition}`,
    append: ({ values, checksum, from }, sealed) =>
      sql`insert into events (type, source, data, timestamp, author, crc)
          select ${values}, ${checksum} + ${lastEventId} + at from ${from}
          where ${sealed === 'append' ? raw('1 = 1') : isUnsealed} returning id, timestamp`,
    withEvents: () => undefined,
    // No other connection writes while a write is under way.
    assertNoDependents: () => raw('1 = 1'),
    skipLocked: raw(''),
    forShare: raw(''),
    lockKeys: () => raw('select 1 where 0'),
    assertAboveFloor: (_, number) => number,
    checksum: checksumOf,
    fullText: sqliteFullText,
    // One writes at a time, so that the rows of each table come in the order of their numbers.
    tallies: rowTallies(table => (table === 'tasks' ? raw('rowid') : raw('id'))),
  }
}

/** The id above which SQLite gives out the next ones. */
const lastEventId = raw(`max(coalesce((select seq from sqlite_sequence where name = 'events'), 0),
  coalesce((select max(id) from events), 0))`)

/** A column of JSON text has one parameter and one plan, where `values` has one of each for every number of rows. */
function table<C extends Columns>(columns: C, rows: readonly CellsOf<C>[]): Sql {
  const names = Object.keys(columns)
  const cells = rows.map(row =>
    names.map(name => {
      const cell = row[name]
      return cell instanceof Date ? toTimeText(cell) : cell
    }),
  )
  return sql`(select ${selected(names)} from json_each(${JSON.stringify(cells)}))`
}

const selections = new Map<string, Sql>()

/** The same fragment for the same columns, so that a statement is found again without building its text. */
function selected(columns: readonly string[]): Sql {
  const key = columns.join()
  const known = selections.get(key)
  if (known !== undefined) return known
  const fragment = raw(columns.map((column, i) => `value ->> ${i} as ${column}`).join(', '))
  selections.set(key, fragment)
  return fragment
}

/** A time as far from now as a column says. SQLite's own arithmetic yields NULL past the year 9999. */
function later(nowMs: number, offsetMs: Sql): Sql {
  return sql`coalesce(strftime('%Y-%m-%d %H:%M:%f', ${new Date(nowMs)}, (${offsetMs} / 1000.0) || ' seconds'),
                      ${shiftTime(nowMs, Number.POSITIVE_INFINITY)})`
}
