import { Corrupt, InvalidInput } from '../errors.ts'
import { describe } from './check.ts'

/**
 * A time as SQLite keeps it: UTC `YYYY-MM-DD HH:MM:SS.SSS`. The document's own queries compare such columns
 * with `datetime('now', …)` as text, which an ISO `T` and `Z` would make wrong within a day.
 */
export function toTimeText(date: Date): string {
  const ms = date.getTime()
  if (ms !== last.ms) {
    const iso = date.toISOString()
    last = { ms, text: `${iso.slice(0, 10)} ${iso.slice(11, 23)}` }
  }
  return last.text
}

/** Most times of one statement, and of those about it, are the same. */
let last = { ms: Number.NaN, text: '' }

/** Reads a stored time: our own text, SQLite's CURRENT_TIMESTAMP text, or a driver's Date. */
export function toDate(value: string | Date): Date {
  if (value instanceof Date) return value
  if (value !== lastRead.text) lastRead = { text: value, ms: parse(value).getTime() }
  return new Date(lastRead.ms)
}

/** The times of one row, and of rows that were written together, are often the same. */
let lastRead = { text: '', ms: Number.NaN }

function parse(value: string): Date {
  // One bit makes other bytes of a text, which no checksum covers.
  if (typeof value !== 'string')
    throw new Corrupt(`the disk holds ${describe(value)} where a time was stored`)
  const iso = value.includes('T') ? value : value.replace(' ', 'T')
  return new Date(/[Zz]|[+-]\d\d:?\d\d$/.test(iso) ? iso : `${iso}Z`)
}

/** The same for a column that may be null: null becomes undefined. */
export function toOptionalDate(value: string | Date | null): Date | undefined {
  return value === null ? undefined : toDate(value)
}

/** The last time that the text form can hold in order; later ones would need a fifth digit of the year. */
const lastTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Refuses a Date that is invalid or outside the years 0 to 9999, naming the option it came in. */
export function checkTime(name: string, date: Date): Date {
  const ms = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isNaN(ms) || ms > lastTimeMs || ms < Date.UTC(0, 0, 1)) {
    throw new InvalidInput(
      `${name} must be a valid Date between the years 1900 and 9999, got ${String(date)}`,
    )
  }
  return date
}

/** The text form of a time `offsetMs` after `nowMs`, held to the last representable time. */
export function shiftTime(nowMs: number, offsetMs: number): Date {
  return new Date(Math.min(nowMs + offsetMs, lastTimeMs))
}
