import { createHash } from 'node:crypto'
import { parseKeeping } from '../util/exact-json.ts'
import { isObject, type Json } from '../util/json.ts'
import { toDate } from '../util/time.ts'
import type { Fields } from './source.ts'

/** Numbers below it count seconds since 1970, the others milliseconds: as seconds it is the year 5138. */
const firstMilliseconds = 1e11

const lastTimeMs = Date.UTC(9999, 11, 31)

/** A time in whichever form stores have it: seconds, milliseconds, ISO, SQLite's text. Undefined for none. */
export function toTime(value: unknown): Date | undefined {
  if (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)) return toTime(Number(value))
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)) return valid(toDate(value.trim()))
  if (typeof value !== 'number' || value <= 0) return undefined
  return valid(new Date(value < firstMilliseconds ? value * 1000 : value))
}

function valid(date: Date): Date | undefined {
  const ms = date.getTime()
  return ms > 0 && ms < lastTimeMs ? date : undefined
}

/** The first of several fields that holds a time. */
export function firstTime(fields: Fields, names: readonly string[]): Date | undefined {
  for (const name of names) {
    const time = toTime(fields[name])
    if (time !== undefined) return time
  }
  return undefined
}

/** Text that JSON-encoded values were kept in, read as the program that kept it read it: JSON, or else the text. */
export function decodeValue(value: Json | Uint8Array | undefined): Json {
  if (value instanceof Uint8Array) return toJson(value)
  if (typeof value !== 'string') return plain(value ?? null)
  const text = value.startsWith(compressed) ? decodeBase64(value.slice(compressed.length)) : value
  return parse(text) ?? text
}

/** What the old product puts before values that it encoded in Base64, under the name of a compression. */
const compressed = '__compressed__'

function decodeBase64(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('utf8')
  return parse(decoded) === undefined ? compressed + text : decoded
}

/** Undefined when it is no JSON, or JSON that would lose digits. */
function parse(text: string): Json | undefined {
  let parsed: Json
  try {
    parsed = parseKeeping(text)
  } catch {
    return undefined
  }
  // A number that is spelled another way than JavaScript would was text to the program that stored it: a version, a
  // code.
  if (typeof parsed === 'number' && String(parsed) !== text.trim()) return undefined
  return plain(parsed)
}

/** The old product's own encoding of what JSON lacks: dates become their text, undefined fields go. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  if (value.__type__ === '__undefined__') return null
  if (value.__type__ === '__Date__' && typeof value.value === 'string') return value.value
  const fields = Object.entries(value).filter(([, field]) => !isUndefined(field))
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]))
}

function isUndefined(value: Json): boolean {
  return isObject(value) && value.__type__ === '__undefined__'
}

/** A field as JSON: bytes in Base64; text that holds a JSON object or array as what it holds. */
export function toJson(value: Json | Uint8Array | undefined): Json {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  if (typeof value !== 'string') return plain(value ?? null)
  return /^\s*[[{]/.test(value) || value.startsWith(compressed) ? decodeValue(value) : value
}

/** The fields that hold something, as JSON. */
export function filled(fields: Fields, without: ReadonlySet<string> = new Set()): { [name: string]: Json } {
  const held = Object.entries(fields)
    .filter(([name]) => !without.has(name))
    .map(([name, value]): [string, Json] => [name, toJson(value)])
    .filter(([, value]) => !isEmpty(value))
  return Object.fromEntries(held)
}

function isEmpty(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === null || value === '' || (isObject(value) && Object.keys(value).length === 0)
}

/**
 * Metadata as it was, with what has no place of its own beside it under `imported`; undefined when there is nothing.
 * @param from the table or section it came from
 */
export function withImported(
  metadata: Json,
  from: string,
  rest: { [name: string]: Json },
): { [name: string]: Json } {
  const own = isObject(metadata) ? metadata : isEmpty(metadata) ? {} : { metadata }
  return { ...own, imported: { from, ...rest } }
}

/** A name as every store can keep it: what is too long or not well formed ends in a digest of what it was. */
export function fitName(name: unknown, maxBytes = 512): string {
  const text = typeof name === 'string' ? name : JSON.stringify(name ?? '')
  const clean = text.toWellFormed().replaceAll('\0', '')
  if (clean === text && text !== '' && Buffer.byteLength(text) <= maxBytes) return text
  const room = maxBytes - 20
  let cut = clean.slice(0, room)
  while (Buffer.byteLength(cut.toWellFormed()) > room) cut = cut.slice(0, -1)
  return `${cut.toWellFormed()}…${digest(text)}`
}

/** Sixteen letters that identify this text. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** A number of a field from `min` to `max`; undefined when it holds none. */
export function numberIn(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value
  return typeof number === 'number' && number >= min && number <= max ? number : undefined
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
