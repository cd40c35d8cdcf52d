import { relativeTime } from './relative-time.ts'

/** How values are spelled: for people, for people who have little room, or whole and sortable for programs. */
export type Spelling = 'people' | 'short' | 'programs'

/** A field of a record or a cell of a table as text; an absent one is empty. */
export function spell(value: unknown, spelling: Spelling): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return timeText(value, spelling)
  if (spelling === 'programs') return toJson(value)
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.join(', ')
  return typeof value === 'number' ? String(rounded(value)) : toJson(value)
}

function timeText(date: Date, spelling: Spelling): string {
  if (spelling === 'programs') return date.toISOString()
  return spelling === 'short' ? relativeTime(date, Date.now()) : localTime(date)
}

/** One line of JSON, or indented by `space`. A Map is an object, bytes are base64. */
export function toJson(value: unknown, space = 0): string {
  return JSON.stringify(value, plain, space)
}

/** `2026-01-31 12:00:59` where the reader is. */
export function localTime(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

/** What people want to see of a number: three decimals, or six digits of a small one. */
function rounded(number: number): number {
  return Math.abs(number) < 1 ? Number(number.toPrecision(6)) : Number(number.toFixed(3))
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'bigint' ? String(value) : value
}
