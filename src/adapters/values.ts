import type { Json } from '../util/json.ts'
import { fields } from './records.ts'

/** Bytes are stored as an object with this one field; a framework's own object that looks so gets one more `$`. */
const bytesField = '$base64'
const looksLikeBytes = /^\$+base64$/

/**
 * A framework's value as the store takes it: fields that are undefined are left out (in an array they become null, as
 * in JSON), bytes become text. What else JSON cannot keep is left for the store to refuse.
 */
export function toStored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => toStored(item) ?? null)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return bytesToStored(value)
  if ('toJSON' in value || !isPlain(value)) return value
  const kept = Object.entries(value).filter(([, field]) => field !== undefined)
  const mark = kept.length === 1 && looksLikeBytes.test(kept[0]?.[0] ?? '') ? '$' : ''
  return Object.fromEntries(kept.map(([name, field]) => [mark + name, toStored(field)]))
}

/** What `toStored` was given, but for what was undefined. */
export function fromStored(value: Json): unknown {
  if (Array.isArray(value)) return value.map(fromStored)
  const bytes = bytesFromStored(value)
  if (bytes !== undefined) return new Uint8Array(bytes)
  const held = fields(value)
  if (held === undefined) return value
  const entries = Object.entries(held)
  const isMarked = entries.length === 1 && looksLikeBytes.test(entries[0]?.[0] ?? '')
  return Object.fromEntries(
    entries.map(([name, field]) => [isMarked ? name.slice(1) : name, fromStored(field)]),
  )
}

export function bytesToStored({ buffer, byteOffset, byteLength }: Uint8Array): Json {
  return { [bytesField]: Buffer.from(buffer, byteOffset, byteLength).toString('base64') }
}

/** The bytes, when it is bytes that were stored. */
export function bytesFromStored(value: Json | undefined): Buffer | undefined {
  const held = fields(value)
  const bytes = held && Object.keys(held).length === 1 ? held[bytesField] : undefined
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : undefined
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
