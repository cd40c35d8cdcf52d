import { visible } from '../../util/visible.ts'
import { displayWidth, pad, tabField } from './display-text.ts'
import { layOut, toTable } from './table.ts'
import { spell, toJson } from './value.ts'

/** How a record is laid out: a width in columns, and what is done to the names and the values. */
export interface RecordStyle {
  readonly width: number
  readonly name: (text: string) => string
  readonly value: (text: string) => string
}

/** A record as aligned `name: value` lines. What does not fit on its line follows below, indented. */
export function recordLines(record: object, style: RecordStyle): string[] {
  const fields = Object.entries(record).filter(([, value]) => value !== undefined)
  const names = fields.map(([name]) => displayWidth(visible(name)))
  const indent = Math.max(0, ...names) + 2
  return fields.map(([name, value]) => {
    const text = style.value(fieldText(value, style.width - indent))
    return style.name(pad(`${visible(name)}:`, indent)) + text.replaceAll('\n', `\n${' '.repeat(indent)}`)
  })
}

/** The same for programs: `name`, a tab, and the value on one line. */
export function plainRecord(record: object): string[] {
  const fields = Object.entries(record).filter(([, value]) => value !== undefined)
  return fields.map(([name, value]) => `${name}\t${tabField(spell(value, 'programs'))}`)
}

function fieldText(value: unknown, width: number): string {
  if (isTable(value)) return layOut(toTable(value, { spelling: 'people' }), undefined).lines.join('\n')
  const text = spell(value, 'people')
  const isNested = typeof value === 'object' && value !== null && !(value instanceof Date)
  return isNested && displayWidth(text) > width ? toJson(value, 2) : text
}

/** Several records within a record read best as a table of their own. */
function isTable(value: unknown): value is object[] {
  return Array.isArray(value) && value.length > 1 && value.every(item => isFlat(item))
}

function isFlat(item: unknown): boolean {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return false
  return Object.values(item).every(field => typeof field !== 'object' || field === null)
}
