import { visible } from '../../util/visible.ts'
import { displayWidth, oneLine, pad, tabField, truncate } from './display-text.ts'
import { type Spelling, spell } from './value.ts'

/** Rows of records as text, ready to be laid out. */
export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns of numbers, which stand to the right. */
  readonly numeric: readonly boolean[]
}

/** The narrowest that a column is made to fit more of them side by side; what is narrower stays whole. */
const minWidth = 12

/** Room for a UUID: the first column is what people copy. */
const maxNameWidth = 40
const gap = '  '

/** A table of the fields of records, as they first appear; for people, of those that hold something anywhere. */
export function toTable(records: readonly object[], spelling: Spelling): Table {
  const all = [...new Set(records.flatMap(Object.keys))]
  const valuesOf = (name: string) => records.map(record => fieldOf(record, name))
  // For programs the columns must not depend on what the records happen to hold.
  const isKept = (name: string) => spelling === 'programs' || !valuesOf(name).every(isEmpty)
  const headings = all.filter(isKept)
  const toLine = spelling === 'people' ? oneLine : tabField
  const cell = (record: object, name: string) => toLine(spell(fieldOf(record, name), spelling))
  return {
    headings,
    rows: records.map(record => headings.map(name => cell(record, name))),
    numeric: headings.map(name =>
      valuesOf(name).every(value => typeof value === 'number' || isAbsent(value)),
    ),
  }
}

/**
 * Aligned columns under their headings.
 * @param width of the terminal: long cells are shortened to it, and columns left out that still do not fit;
 *   undefined where nothing may be lost
 * @returns the lines, the headings first, and how many columns were left out
 */
export function layOut(table: Table, width: number | undefined): { lines: string[]; hidden: number } {
  const { headings, rows, numeric } = shown(table)
  const natural = headings.map((heading, i) => widest([heading, ...rows.map(row => row[i] ?? '')]))
  const widths = width === undefined ? natural : fitWidths(natural, width)
  const line = (cells: readonly string[]) => {
    const padded = widths.map((space, i) =>
      pad(truncate(cells[i] ?? '', space), space, numeric[i] ? 'left' : 'right'),
    )
    return padded.join(gap).trimEnd()
  }
  return { lines: [headings, ...rows].map(line), hidden: headings.length - widths.length }
}

/**
 * The widths of as many columns as fit: the first, which names the record, as it is; the widest of the others cut to
 * the same width, which is as large as possible.
 */
export function fitWidths(natural: readonly number[], width: number): number[] {
  const [name = 0, ...others] = natural.map((space, i) =>
    i === 0 ? Math.min(space, maxNameWidth, width) : space,
  )
  const room = (count: number) => width - name - gap.length * count
  const least = others.map(space => Math.min(space, minWidth))
  let count = others.length
  while (count > 0 && sum(least.slice(0, count)) > room(count)) count--
  const columns = others.slice(0, count)
  let cap = Math.max(1, ...columns)
  while (cap > 1 && sum(columns.map(column => Math.min(column, cap))) > room(count)) cap--
  return [name, ...columns.map(column => Math.min(column, cap))]
}

function shown({ headings, rows, numeric }: Table): Table {
  return { headings: headings.map(visible), rows: rows.map(row => row.map(visible)), numeric }
}

function fieldOf(record: object, name: string): unknown {
  return Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
