import { raw, type Sql } from './sql.ts'

/** What a column holds: a text, a number, or a time. */
type Kind = 'text' | 'number' | 'time'

/** The columns of a table, or some of them, by their names and in an order of their own; with `?` they may be null. */
export type Columns = Readonly<Record<string, Kind | `${Kind}?`>>

type Read = { text: string; number: number; time: string }

type Written = { text: string; number: number; time: Date }

/** A row of these columns as a statement returns it. */
export type RowOf<C extends Columns> = {
  [K in keyof C]: C[K] extends `${infer T extends Kind}?` ? Read[T] | null : Read[C[K] & Kind]
}

/** A row of these columns as a statement takes it, every column of it. */
export type CellsOf<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends `${infer T extends Kind}?` ? Written[T] | null : Written[C[K] & Kind]
}

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S

/** A field for each column of a row: what a record that is read from it has to have, so that it leaves none out. */
export type FieldsOf<Row> = { [K in keyof Row & string as CamelCase<K>]: unknown }

/** The names of the columns, as `select`, `insert` and `returning` list them. */
export function listOf(columns: Columns): Sql {
  return raw(Object.keys(columns).join(', '))
}
