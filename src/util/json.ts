import { InvalidInput } from '../errors.ts'

declare global {
  interface JSON {
    /** In V8 since Node 22, not yet in TypeScript's own library. */
    rawJSON(text: string): unknown
  }
}

/** Any value that JSON can hold and give back unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const maxDepth = 256

/** The largest value, in bytes of JSON, that a store accepts by default; and the most that it can be set to. */
export const defaultMaxValueBytes = 1024 * 1024
export const maxMaxValueBytes = 64 * 1024 * 1024

/**
 * The JSON text of a value, or InvalidInput with the path of what cannot be kept: what is stored is read back
 * equal, so anything that JSON would drop or change silently (undefined, NaN, Map …) is refused. A Date
 * becomes its ISO string, and an object with `toJSON` what that returns.
 * @param what names the value in the error, for example `value` or `metadata`
 */
export function encodeJson(what: string, value: unknown, maxBytes = defaultMaxValueBytes): string {
  const walk = { negativeZero: false, path: [] as object[] }
  check(value, what, walk)
  const text = JSON.stringify(value, walk.negativeZero ? keepNegativeZero : undefined)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  throw new InvalidInput(
    `${what} is ${bytes} bytes of JSON; the limit is ${maxBytes}`,
    { hint: 'Store it in parts, or raise maxValueBytes (up to 64 MiB).', details: { bytes, maxBytes } },
    'too_large',
  )
}

/** Reads what `encodeJson` wrote. Each call gives a fresh value that the caller may change. */
export function decodeJson(text: string): Json {
  return JSON.parse(text)
}

/** Reads a column that a foreign writer may have filled with plain text: what is no JSON is the text itself. */
export function decodeLoose(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Whether a value is an object, and not an array, a scalar or null. */
export function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Walk {
  negativeZero: boolean
  /** The containers from the root to here: a container met again on its own path is a cycle. */
  readonly path: object[]
}

function check(value: unknown, at: string, walk: Walk): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw refused(at, String(value))
      if (Object.is(value, -0)) walk.negativeZero = true
      return
    case 'object':
      if (value !== null) checkObject(value, at, walk)
      return
    default:
      throw refused(at, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
  }
}

function checkObject(value: object, at: string, walk: Walk): void {
  if (walk.path.includes(value)) throw refused(at, 'a cycle')
  if (walk.path.length >= maxDepth) {
    throw new InvalidInput(`${at.slice(0, 80)}… is nested deeper than ${maxDepth} levels`)
  }
  walk.path.push(value)
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) check(value[i], `${at}[${i}]`, walk)
  else if (value instanceof Date) checkDate(value, at)
  else if ('toJSON' in value && typeof value.toJSON === 'function') check(value.toJSON(), at, walk)
  else checkFields(value, at, walk)
  walk.path.pop()
}

function checkFields(value: object, at: string, walk: Walk): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm (a vm context, a test runner) is plain too: its prototype has none above it.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw refused(at, `a ${value.constructor?.name ?? 'class instance'}`)
  }
  for (const [key, field] of Object.entries(value)) check(field, `${at}.${key}`, walk)
}

function checkDate(date: Date, at: string): void {
  if (Number.isNaN(date.getTime())) throw refused(at, 'an invalid Date')
}

function refused(at: string, what: string): InvalidInput {
  return new InvalidInput(`${at} is ${what}, which JSON cannot keep`, {
    hint: 'Use null, a boolean, a finite number, a string, an array or a plain object; leave absent fields out.',
    details: { path: at },
  })
}

/** JSON.stringify writes -0 as 0; `-0` is legal JSON and reads back as it was. */
function keepNegativeZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? JSON.rawJSON('-0') : value
}
