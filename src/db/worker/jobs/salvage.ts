import { Busy, Conflict, HivewaxError, InvalidInput } from '../../../errors.ts'
import type { Row } from '../../db.ts'
import type { Salvaged } from '../../engine.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { createSchema, holdsStore } from '../../sqlite/schema.ts'
import { assertSound, connected, type JobContext, quoted } from './job.ts'
import { highestIssued } from './numbers.ts'
import { objects, rowTables } from './objects.ts'

/** Made anew rather than copied: the schema's own history, and the full-text index. */
const derived = /^hivewax_(migrations|find.*)$/

/**
 * How far beyond the largest number found the next one starts, since larger ones may be among what is lost.
 */
const margin = 1_000_000

/** Copies what can be read of a damaged file into a new store in the empty file `target`. */
export async function salvage(target: string, context: JobContext): Promise<Salvaged> {
  return connected(context.file, { readOnly: true, waitMs: context.waitMs }, damaged =>
    connected(target, { readOnly: false }, async fresh => {
      if (!holdsStore(damaged))
        throw new InvalidInput(`${context.file} is empty: there is nothing to recover`)
      await createSchema(fresh, 0)
      fresh.exec('pragma foreign_keys=off; pragma synchronous=off')
      const tables = salvageTables(damaged, fresh, context)
      raiseCounters(fresh)
      assertSound(fresh, target)
      fresh.exec('pragma journal_mode=delete')
      return { tables }
    }),
  )
}

function salvageTables(damaged: Connection, fresh: Connection, context: JobContext): Salvaged['tables'] {
  createForeign(damaged, fresh)
  const names = rowTables(damaged, 'main').filter(name => !derived.test(name))
  const results = names.map((name, i) => {
    context.report(name, i / names.length)
    return [name, salvageTable(damaged, fresh, name)] as const
  })
  return Object.fromEntries(results)
}

/** Tables that the store's owner added. */
function createForeign(damaged: Connection, fresh: Connection): void {
  const present = new Set(objects(fresh, 'main').map(({ name }) => name))
  for (const { type, name, sql } of objects(damaged, 'main')) {
    if (type === 'table' && !present.has(name)) fresh.exec(sql)
  }
}

function salvageTable(
  damaged: Connection,
  fresh: Connection,
  name: string,
): { recovered: number; lost: number } {
  const columns = sharedColumns(damaged, fresh, name)
  const list = columns.map(quoted).join(', ')
  const values = columns.map(() => '?').join(', ')
  const insert = { text: `insert or replace into ${quoted(name)} (${list}) values (${values})`, ...writes }
  const store = (row: Row) =>
    isAccepted(() =>
      fresh.run(
        insert,
        columns.map(column => bound(row[column])),
      ),
    )
  let lost = 0
  fresh.exec('begin')
  for (const row of readable(damaged, name, list)) {
    if (row === undefined || !store(row)) lost++
  }
  fresh.exec('commit')
  return { recovered: Number(fresh.value(`select count(*) from ${quoted(name)}`)), lost }
}

const writes = { reads: false, touchesMemory: false }

/** Each row that can be read, and undefined for each that cannot. */
function readable(damaged: Connection, name: string, columns: string): Generator<Row | undefined> {
  return hasRowid(damaged, name) ? byRowid(damaged, name, columns) : fromBothEnds(damaged, name, columns)
}

/** The ids that a table's rows may have, in order. */
interface Ids {
  readonly length: number
  at(place: number): number
}

/** Halves the part of the ids in which a read fails, until what fails is one row. */
function* byRowid(damaged: Connection, name: string, columns: string): Generator<Row | undefined> {
  const text = `select rowid as "hivewax rowid", ${columns} from ${quoted(name)} not indexed
                where rowid between ? and ? order by rowid`
  const ids = listedIds(damaged, name) ?? possibleIds(damaged, name)
  const open: [number, number][] = ids.length === 0 ? [] : [[0, ids.length - 1]]
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const [from, to] = range
    let next = from
    for (const row of untilError(damaged, text, [ids.at(from), ids.at(to)])) {
      if (row !== undefined) {
        while (next <= to && ids.at(next) <= Number(row['hivewax rowid'])) next++
        yield row
      } else if (next > to) break
      else if (from === to) yield undefined
      else if (next > from) open.push([next, to])
      else open.push([Math.floor((from + to) / 2) + 1, to], [from, Math.floor((from + to) / 2)])
    }
  }
}

/** The ids as an undamaged index of the table has them; undefined when there is none. */
function listedIds(damaged: Connection, name: string): Ids | undefined {
  const indexes = damaged.iterate('select name from pragma_index_list(?) where partial = 0', [name])
  for (const { name: index } of [...indexes]) {
    const text = `select rowid as id from ${quoted(name)} indexed by ${quoted(String(index))}`
    const rows = [...untilError(damaged, text, [])]
    const found = rows.flatMap(row => (row === undefined ? [] : Number(row.id))).sort((a, b) => a - b)
    if (found.length === rows.length) return { length: found.length, at: place => found[place] ?? 0 }
  }
  return undefined
}

/**
 * Every number between the ends of the table. Where an end cannot be read, no row can be smaller than 64
 * bytes.
 */
function possibleIds(damaged: Connection, name: string): Ids {
  const end = (order: 'asc' | 'desc') => {
    const text = `select rowid as id from ${quoted(name)} not indexed order by rowid ${order} limit 1`
    return [...untilError(damaged, text, [])].map(row => (row === undefined ? undefined : Number(row.id)))
  }
  const lowest = end('asc')
  const first = lowest[0] ?? 1
  const bytes = Number(damaged.value('pragma page_count')) * Number(damaged.value('pragma page_size'))
  const last = end('desc')[0] ?? first + Math.ceil(bytes / 64)
  return { length: lowest.length === 0 ? 0 : last - first + 1, at: place => first + place }
}

/** In a table without row ids nothing behind a damaged page can be addressed, but the other end can be. */
function* fromBothEnds(damaged: Connection, name: string, columns: string): Generator<Row | undefined> {
  const key = primaryKey(damaged, name)
  for (const direction of ['asc', 'desc']) {
    const order = key.map(column => `${quoted(column)} ${direction}`).join(', ')
    let failed = false
    for (const row of untilError(damaged, `select ${columns} from ${quoted(name)} order by ${order}`, [])) {
      failed = row === undefined
      if (!failed || direction === 'asc') yield row
    }
    if (!failed) return
  }
}

/** The rows until one cannot be read; then undefined, and the end. */
function* untilError(damaged: Connection, text: string, params: number[]): Generator<Row | undefined> {
  try {
    yield* damaged.iterate(text, params)
  } catch (error) {
    if (!(error instanceof HivewaxError) || error instanceof Busy) throw error
    yield undefined
  }
}

function hasRowid(connection: Connection, name: string): boolean {
  return (
    connection.value(`select wr from pragma_table_list where schema = 'main' and name = ${literal(name)}`) ===
    0
  )
}

function primaryKey(connection: Connection, name: string): string[] {
  const rows = connection.iterate(`select name from pragma_table_info(?) where pk > 0 order by pk`, [name])
  return [...rows].map(row => String(row.name))
}

function sharedColumns(damaged: Connection, fresh: Connection, name: string): string[] {
  const [theirs, ours] = [damaged, fresh].map(connection =>
    [...connection.iterate('select name from pragma_table_info(?)', [name])].map(row => String(row.name)),
  )
  return (theirs ?? []).filter(column => ours?.includes(column))
}

/** False for a row that breaks a rule of its table: it came from a damaged page. */
function isAccepted(insert: () => unknown): boolean {
  try {
    insert()
    return true
  } catch (error) {
    if (error instanceof Conflict || error instanceof InvalidInput) return false
    throw error
  }
}

function raiseCounters(fresh: Connection): void {
  fresh.exec(`
    update hivewax_counters set value = ${highestIssued(fresh, 'main') + margin} where name = 'floor';
    update hivewax_counters
    set value = ${margin} + (select value from hivewax_counters where name = 'shared_revision')
    where name in ('shared_revision', 'shared_floor');
    update hivewax_counters set value = 0 where name = 'find_events';
    update sqlite_sequence set seq = seq + ${margin}`)
}

function bound(value: Row[string] | undefined): string | number | null | Uint8Array {
  return value instanceof Date || value === undefined ? null : value
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
