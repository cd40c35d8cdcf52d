import { InvalidInput } from '../../errors.ts'
import { toDate, toTimeText } from '../../util/time.ts'
import { checksumColumns } from '../checksummed.ts'
import type { CopiedTable } from './copied-tables.ts'

/** A value as both engines can hold it; a time is the text that SQLite keeps. */
export type Cell = string | number | null

/** A column, and whether it holds times: PostgreSQL has a type for them. */
export interface Column {
  readonly name: string
  readonly isTime: boolean
}

/** Rows of one table, as the cells of `columns`. */
export interface Rows {
  readonly table: CopiedTable
  readonly columns: readonly Column[]
}

/** The numbers of a store that are not in its rows: those by name, and the last id that each table has given out. */
export interface IssuedNumbers {
  readonly counters: ReadonlyMap<string, number>
  readonly lastIds: ReadonlyMap<string, number>
}

/** One store that rows are copied from or to, on one connection. */
export interface Endpoint {
  /** The names of all its tables. */
  tables(): Promise<string[]>
  /** The columns of a table in their order, without those of checksums. An engine without a type for times says of none that it holds them. */
  columns(table: string): Promise<Column[]>
  /** The next rows in the order of the key, after the row with the key `after`; at most `limit` of them. */
  read(rows: Rows, after: readonly Cell[] | undefined, limit: number): Promise<Cell[][]>
  count(table: string): Promise<number>
  insert(rows: Rows, values: readonly (readonly Cell[])[]): Promise<void>
  /** Empties tables, given in the order in which they are filled. Leaves no trace of what was deleted. */
  empty(tables: readonly CopiedTable[]): Promise<void>
  numbers(): Promise<IssuedNumbers>
  /** Makes the counters those that are given, and raises the last ids; the full-text index begins anew. */
  setNumbers(numbers: IssuedNumbers): Promise<void>
  /** Runs a statement of the language that both engines share, with `?` for each value. */
  run(text: string, params?: readonly Cell[]): Promise<Record<string, unknown>[]>
  /** Runs `work` in one transaction. */
  atomically(work: () => Promise<void>): Promise<void>
}

/** The value of a time column as the text that SQLite keeps. */
export function timeCell(value: unknown, { table }: Rows, column: Column): string | null {
  if (value === null || value === undefined) return null
  const date = typeof value === 'string' || value instanceof Date ? toDate(value) : undefined
  if (date !== undefined && !Number.isNaN(date.getTime())) return toTimeText(date)
  throw new InvalidInput(`${table.name}.${column.name} holds ${JSON.stringify(value)}, which is no time`, {
    hint: 'Correct it with `hivewax execute`, then try again.',
  })
}

/** The value of a column that holds no times. */
export function cell(value: unknown, { table }: Rows, column: Column): Cell {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new InvalidInput(
    `${table.name}.${column.name} holds binary data, which no column of hivewax is for`,
    {
      hint: 'Correct it with `hivewax execute`, then try again.',
    },
  )
}

/** The columns that hold what is kept, without the checksums, which each engine makes of it as it does. */
export function withoutChecksums(table: string, columns: Column[]): Column[] {
  const checksums = checksumColumns(table)
  return columns.filter(({ name }) => !checksums.includes(name))
}

/** The columns to copy: those of the source, each with the type that either store knows. */
export async function sharedColumns(source: Endpoint, target: Endpoint, table: string): Promise<Column[]> {
  const [theirs, ours] = await Promise.all([source.columns(table), target.columns(table)])
  const kinds = new Map(ours.map(({ name, isTime }) => [name, isTime]))
  return theirs.map(({ name, isTime }) => {
    const known = kinds.get(name)
    if (known !== undefined) return { name, isTime: isTime || known }
    throw new InvalidInput(`${table}.${name} is a column that the other store does not have`, {
      hint: 'Columns of your own cannot be copied between engines: drop it, or keep it elsewhere.',
    })
  })
}
