import { InvalidInput } from '../../errors.ts'
import { quoted } from '../worker/jobs/job.ts'
import { begunAnew, type CopiedTable, copiedTables, numberedTables } from './copied-tables.ts'
import {
  type Cell,
  type Column,
  cell,
  type Endpoint,
  type IssuedNumbers,
  type Rows,
  withoutChecksums,
} from './endpoint.ts'

/** Runs one statement on the endpoint's connection. */
export type RunStatement = (text: string, params: readonly Cell[]) => Promise<Record<string, unknown>[]>

/** A store in PostgreSQL, on one connection that the caller owns. */
export class PostgresEndpoint implements Endpoint {
  readonly #run: RunStatement

  constructor(run: RunStatement) {
    this.#run = run
  }

  async tables(): Promise<string[]> {
    const rows = await this.#run(
      'select tablename as name from pg_tables where schemaname = current_schema() order by tablename',
      [],
    )
    return rows.map(row => String(row.name))
  }

  async columns(table: string): Promise<Column[]> {
    const rows = await this.#run(
      `select attname as name, atttypid = cast('timestamptz' as regtype) as "isTime" from pg_attribute
       where attrelid = cast($1 as regclass) and attnum > 0 and not attisdropped order by attnum`,
      [table],
    )
    const columns = rows.map(({ name, isTime }) => ({ name: String(name), isTime: isTime === true }))
    return withoutChecksums(table, columns)
  }

  async read(rows: Rows, after: readonly Cell[] | undefined, limit: number): Promise<Cell[][]> {
    const found = await this.#run(readText(rows, after), [...(after ?? []), limit])
    return found.map(row => rows.columns.map(column => cell(row[column.name], rows, column)))
  }

  async count(table: string): Promise<number> {
    const [row] = await this.#run(`select count(*) as amount from ${quoted(table)}`, [])
    return Number(row?.amount)
  }

  async insert(rows: Rows, values: readonly (readonly Cell[])[]): Promise<void> {
    const { table, columns } = rows
    const names = columns.map(({ name }) => quoted(name)).join(', ')
    const records = values.map(row =>
      Object.fromEntries(columns.map(({ name, isTime }, i) => [name, asInput(row[i] ?? null, isTime)])),
    )
    const text = `insert into ${table.name} (${names})
      select ${names} from json_populate_recordset(cast(null as ${table.name}), cast($1 as json))`
    try {
      await this.#run(text, [JSON.stringify(records)])
    } catch (error) {
      throw refusedBy(rows, error)
    }
  }

  /** Other transactions wait until this one ends. No trigger runs. */
  async empty(tables: readonly CopiedTable[]): Promise<void> {
    const names = tables.map(({ name }) => name)
    if (tables.length === copiedTables.length) names.push('hivewax_find_records', 'hivewax_find_changes')
    await this.#run(`truncate ${names.join(', ')}`, [])
    for (const counts of ['hivewax_tallies', 'hivewax_tally_changes'])
      await this.#run(`delete from ${counts} where source = any (string_to_array($1, ','))`, [names.join()])
  }

  async numbers(): Promise<IssuedNumbers> {
    const rows = await this.#run('select name, value from hivewax_counters', [])
    const counters = new Map(rows.map(({ name, value }) => [String(name), Number(value)] as const))
    const lastIds = new Map([['events', counters.get('event') ?? 0]])
    for (const table of identityTables) {
      const [sequence] = await this.#run("select pg_get_serial_sequence($1, 'id') as name", [table])
      // The server has quoted the name.
      const text = `select case when is_called then last_value else 0 end as last from ${sequence?.name}`
      lastIds.set(table, Number((await this.#run(text, []))[0]?.last))
    }
    return { counters, lastIds }
  }

  async setNumbers({ counters, lastIds }: IssuedNumbers): Promise<void> {
    const known = (await this.numbers()).lastIds
    const last = (table: string) => Math.max(lastIds.get(table) ?? 0, known.get(table) ?? 0)
    await this.#run('delete from hivewax_counters', [])
    await this.#run("delete from hivewax_tallies where source = 'events'", [])
    await this.#run('delete from hivewax_event_spans', [])
    for (const [name, value] of new Map([...counters, ...begunAnew, ['event', last('events')]]))
      await this.#run('insert into hivewax_counters (name, value) values ($1, $2)', [name, value])
    for (const table of identityTables) {
      const text = "select setval(cast(pg_get_serial_sequence($1, 'id') as regclass), cast($2 as bigint))"
      if (last(table) > 0) await this.#run(text, [table, last(table)])
    }
  }

  run(text: string, params: readonly Cell[] = []): Promise<Record<string, unknown>[]> {
    let count = 0
    return this.#run(
      text.replace(/\?/g, () => `$${++count}`),
      params,
    )
  }

  async atomically(work: () => Promise<void>): Promise<void> {
    await this.#run('begin', [])
    try {
      await work()
      await this.#run('commit', [])
    } catch (error) {
      await this.#run('rollback', []).catch(() => {})
      throw error
    }
  }
}

/** Ids of events come from a counter. */
const identityTables = numberedTables.filter(name => name !== 'events')

function asInput(value: Cell, isTime: boolean): Cell {
  return isTime && value !== null ? `${value}+00` : value
}

function readText({ table, columns }: Rows, after: readonly Cell[] | undefined): string {
  const key = table.key.map(quoted).join(', ')
  const isAfterKey =
    after === undefined ? '' : `where (${key}) > (${after.map((_, i) => `$${i + 1}`).join(', ')})`
  const selected = columns.map(({ name, isTime }) => (isTime ? timeText(quoted(name)) : quoted(name)))
  return `select ${selected.join(', ')} from ${table.name} ${isAfterKey} order by ${key} limit $${(after?.length ?? 0) + 1}`
}

function timeText(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') as ${column}`
}

/** What SQLite let in and PostgreSQL does not: text with a NUL character, a word in a column of numbers … */
function refusedBy({ table }: Rows, error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined || !/^2[23]/.test(state)) return error
  return new InvalidInput(
    `PostgreSQL does not take a row of ${table.name}: ${error instanceof Error ? error.message : error}`,
    {
      hint: 'List records that refer to nothing with `hivewax find-orphans`; correct others with `hivewax execute`.',
      cause: error,
    },
  )
}

function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('details' in error) return (error.details as { sqlstate?: string } | undefined)?.sqlstate
  return 'code' in error ? String(error.code) : undefined
}
