import { type AnyView, columnNames } from '../../view.ts'
import type { Flags } from '../flags.ts'

/** A column of a list as it is printed. */
export interface ListColumn {
  readonly name: string
  /** What it shows of a record. */
  of(record: object): unknown
}

/** The columns that were asked for; else those of the view for people, all of them with `--wide`, and all fields for programs. */
export function listColumns(view: AnyView, flags: Flags): ListColumn[] {
  return [...(flags.columns ?? standard(view, flags))].map(name => columnOf(view, name))
}

function standard(view: AnyView, { csv, plain, wide }: Flags): readonly string[] {
  if (csv || plain) return view.fields
  return wide ? [...new Set([...columnNames(view), ...view.fields])] : columnNames(view)
}

/** A column for each field that any of the records has. */
export function fieldColumns(records: readonly object[]): ListColumn[] {
  return [...new Set(records.flatMap(Object.keys))].map(fieldColumn)
}

function columnOf({ columns }: AnyView, name: string): ListColumn {
  const computed = columns.find(column => typeof column !== 'string' && column[0] === name)
  if (computed === undefined || typeof computed === 'string') return fieldColumn(name)
  return { name, of: record => computed[1](record as Readonly<Record<string, unknown>>, Date.now()) }
}

function fieldColumn(name: string): ListColumn {
  return { name, of: record => (Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined) }
}
