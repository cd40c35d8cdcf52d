import { visible } from '../../util/visible.ts'
import { fieldColumns, type ListColumn } from './columns.ts'
import { displayWidth, oneLine, pad, tabField, truncate } from './display-text.ts'
import { isOurId, shortIds } from './short-ids.ts'
import { type Spelling, spell } from './value.ts'

/** Rows of records as text, ready to be laid out. */
export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns of numbers, which stand to the right. */
  readonly numeric: readonly boolean[]
  /** Whether ids are shown that are not whole. */
  readonly cutsIds: boolean
}

/** The narrowest that a column is made to fit more of them side by side; what is narrower stays whole. */
const minWidth = 12

/** Where it must be cut, the column that takes the rest of the width keeps so much of it. */
const minRest = 24

/** Room for a UUID: the first column is what people copy. */
const maxNameWidth = 40
const gap = '  '

interface TableOptions {
  readonly spelling: Spelling
  /** Default: all fields of the records, as they first appear. */
  readonly columns?: readonly ListColumn[]
}

/** A table of columns of records; for people, of those that hold something anywhere. */
export function toTable(records: readonly object[], { spelling, columns }: TableOptions): Table {
  const all = (columns ?? fieldColumns(records)).map(({ name, of }) => ({ name, values: records.map(of) }))
  // For programs the columns must not depend on what the records happen to hold.
  const kept = all.filter(({ values }) => spelling === 'programs' || !values.every(isEmpty))
  const cells = kept.map(({ values }) => cellsOf(values, spelling))
  return {
    headings: kept.map(({ name }) => name),
    rows: records.map((_, i) => cells.map(column => column[i] ?? '')),
    numeric: kept.map(({ values }) => values.every(value => typeof value === 'number' || isAbsent(value))),
    cutsIds: spelling === 'short' && kept.some(({ values }) => values.some(isOurId)),
  }
}

function cellsOf(values: readonly unknown[], spelling: Spelling): string[] {
  const texts = values.map(value => spell(value, spelling))
  if (spelling === 'programs') return texts.map(tabField)
  return (spelling === 'short' ? shortIds(texts) : texts).map(oneLine)
}

/** How wide a table may be. */
interface Room {
  /** That of the terminal: long cells are shortened to it, and columns left out that still do not fit. */
  readonly width: number
  /** The column that takes the width which the others leave. Default: the widest ones are cut to the same width. */
  readonly rest?: string | undefined
}

/**
 * Aligned columns under their headings.
 * @param room undefined where nothing may be lost
 * @returns the lines, the headings first, and how many columns were left out
 */
export function layOut(table: Table, room: Room | undefined): { lines: string[]; hidden: number } {
  const { headings, rows, numeric } = shown(table)
  const natural = headings.map((heading, i) => widest([heading, ...rows.map(row => row[i] ?? '')]))
  const rest = room?.rest === undefined ? -1 : headings.indexOf(room.rest)
  const widths = room === undefined ? natural : fitWidths(natural, room.width, rest)
  const line = (cells: readonly string[]) => {
    const padded = widths.map((space, i) =>
      pad(truncate(cells[i] ?? '', space), space, numeric[i] ? 'left' : 'right'),
    )
    return padded.join(gap).trimEnd()
  }
  return { lines: [headings, ...rows].map(line), hidden: headings.length - widths.length }
}

/**
 * The widths of as many columns as fit: the first, which names the record, as it is; of the others those that are too
 * wide are cut to the same width, which is as large as possible.
 * @param rest the place of the column that gets what the others leave, and at least 24 columns where there is room; -1: none
 */
export function fitWidths(natural: readonly number[], width: number, rest = -1): number[] {
  const [name = 0, ...others] = natural.map((space, i) =>
    i === 0 ? Math.min(space, maxNameWidth, width) : space,
  )
  const room = (count: number) => width - name - gap.length * count
  const least = others.map((space, i) => Math.min(space, i + 1 === rest ? minRest : minWidth))
  let count = others.length
  while (count > 0 && sum(least.slice(0, count)) > room(count)) count--
  const columns = others.slice(0, count)
  const reserved = rest > 0 && rest <= count ? (least[rest - 1] ?? 0) : 0
  const capped = (cap: number) =>
    columns.map((column, i) => (reserved > 0 && i + 1 === rest ? reserved : Math.min(column, cap)))
  let cap = Math.max(1, ...columns)
  while (cap > 1 && sum(capped(cap)) > room(count)) cap--
  const widths = capped(cap)
  const left = room(count) - sum(widths)
  return [
    name,
    ...widths.map((space, i) => (i + 1 === rest ? Math.min(columns[i] ?? 0, space + left) : space)),
  ]
}

function shown({ headings, rows, ...table }: Table): Table {
  return { ...table, headings: headings.map(visible), rows: rows.map(row => row.map(visible)) }
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
