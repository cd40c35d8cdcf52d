import { setImmediate as nextTurn } from 'node:timers/promises'
import { checksumColumns } from '../checksummed.ts'
import { allChecksums, assertSound } from '../checksums.ts'
import type { Bound, Statement } from '../sql.ts'
import type { Connection } from '../sqlite/connection.ts'
import { quoted } from '../worker/jobs/job.ts'
import { rowTables } from '../worker/jobs/objects.ts'
import { begunAnew, type CopiedTable, numberedTables } from './copied-tables.ts'
import {
  type Cell,
  type Column,
  cell,
  type Endpoint,
  type IssuedNumbers,
  type Rows,
  timeCell,
  withoutChecksums,
} from './endpoint.ts'

/** A store in an SQLite file, on a connection of its own. Lets others have their turn between batches. */
export class SqliteEndpoint implements Endpoint {
  readonly #connection: Connection
  readonly #look: () => void

  /** @param look throws when the files of the store are gone. Default: they are nobody else's. */
  constructor(connection: Connection, look: () => void = () => {}) {
    this.#connection = connection
    this.#look = look
  }

  async tables(): Promise<string[]> {
    return rowTables(this.#connection, 'main')
  }

  async columns(table: string): Promise<Column[]> {
    const rows = await this.run('select name from pragma_table_info(?) order by cid', [table])
    const columns = rows.map(row => ({ name: String(row.name), isTime: false }))
    return withoutChecksums(table, columns)
  }

  async read(rows: Rows, after: readonly Cell[] | undefined, limit: number): Promise<Cell[][]> {
    await nextTurn()
    const found = this.#run(readText(rows, after), [...(after ?? []), limit])
    for (const row of found) assertSound(rows.table.name, row)
    return found.map(row =>
      rows.columns.map(column => (column.isTime ? timeCell : cell)(row[column.name], rows, column)),
    )
  }

  async count(table: string): Promise<number> {
    return Number(this.#connection.value(`select count(*) from ${quoted(table)}`))
  }

  async insert({ table, columns }: Rows, values: readonly (readonly Cell[])[]): Promise<void> {
    await nextTurn()
    const names = columns.map(({ name }) => name)
    const all = [...names, ...checksumColumns(table.name)]
    const text = `insert into ${table.name} (${all.map(quoted).join(', ')}) values (${all.map(() => '?').join(', ')})`
    for (const row of values) {
      const cells = Object.fromEntries(names.map((name, i) => [name, row[i]]))
      this.#run(text, [...row, ...Object.values(allChecksums(table.name, cells))])
    }
  }

  async empty(tables: readonly CopiedTable[]): Promise<void> {
    for (const { name } of [...tables].reverse()) this.#connection.exec(`delete from ${name}`)
    for (const { name, notesDeletes } of tables)
      if (notesDeletes) this.#connection.exec(`delete from ${name}`)
  }

  async numbers(): Promise<IssuedNumbers> {
    const counters = this.#run('select name, value from hivewax_counters', [])
    const lastIds = this.#run('select name, seq as value from sqlite_sequence', [])
    const map = (rows: Record<string, unknown>[]) =>
      new Map(rows.map(({ name, value }) => [String(name), Number(value)] as const))
    return { counters: map(counters), lastIds: map(lastIds) }
  }

  async setNumbers({ counters, lastIds }: IssuedNumbers): Promise<void> {
    this.#connection.exec(
      'delete from hivewax_counters; delete from hivewax_tallies; delete from hivewax_event_spans',
    )
    for (const [name, value] of new Map([...counters, ...begunAnew])) {
      // The ids of events are given out as those of other tables are.
      if (name !== 'event')
        this.#run('insert into hivewax_counters (name, value) values (?, ?)', [name, value])
    }
    for (const table of numberedTables) {
      const last = lastIds.get(table) ?? 0
      this.#run(
        'insert into sqlite_sequence (name, seq) select ?, 0 where ? not in (select name from sqlite_sequence)',
        [table, table],
      )
      this.#run('update sqlite_sequence set seq = ? where name = ? and seq < ?', [last, table, last])
    }
  }

  async run(text: string, params: readonly Cell[] = []): Promise<Record<string, unknown>[]> {
    return this.#run(text, params)
  }

  async atomically(work: () => Promise<void>): Promise<void> {
    this.#connection.step('begin immediate')
    try {
      await work()
      this.#look()
      this.#connection.step('commit')
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.step('rollback')
      throw error
    }
  }

  #run(text: string, params: readonly Bound[]): Record<string, unknown>[] {
    const statement: Statement = { text, reads: false, touchesMemory: false }
    return this.#connection.run<Record<string, unknown>>(statement, [...params])
  }
}

function readText({ table, columns }: Rows, after: readonly Cell[] | undefined): string {
  const key = table.key.map(quoted).join(', ')
  const isAfterKey = after === undefined ? '' : `where (${key}) > (${after.map(() => '?').join(', ')})`
  const names = [...columns.map(({ name }) => name), ...checksumColumns(table.name)].map(quoted).join(', ')
  return `select ${names} from ${table.name} ${isAfterKey} order by ${key} limit ?`
}
