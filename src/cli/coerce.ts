import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { durationMs } from '../util/duration.ts'
import { decodeLoose, isObject } from '../util/json.ts'
import type { Field } from './command.ts'

/**
 * The value that the texts of one argument mean. Of a single value the last text counts, as in `--limit 5 --limit 9`.
 * @param what names the argument in the error
 */
export function coerce(what: string, field: Field, texts: readonly string[]): unknown {
  if (field.isVerbatim) return texts
  if (field.isList) return texts.flatMap(text => coerceList(what, field, text))
  return coerceOne(what, field, texts.at(-1) ?? '')
}

/** The milliseconds of an option that is a length of time, when it was given: `30s`, `5m`. */
export function optionMs(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.round(durationMs(option, text))
}

function coerceList(what: string, field: Field, text: string): unknown[] {
  const list = text.startsWith('[') ? decodeLoose(text) : undefined
  if (Array.isArray(list)) return list
  const isWhole = field.type === 'json' || field.type === 'object'
  const items = isWhole ? [text] : text.split(',').filter(Boolean)
  return items.map(item => coerceOne(what, field, item))
}

function coerceOne(what: string, field: Field, text: string): unknown {
  if (field.choices !== undefined && !field.choices.includes(text)) {
    throw new InvalidInput(`${what} must be one of ${field.choices.join(', ')}, got ${describe(text)}`)
  }
  switch (field.type) {
    case 'text':
      return text
    case 'number':
    case 'integer':
      return number(what, field, text)
    case 'mixed':
      return isNumber(text) ? Number(text) : text
    case 'boolean':
      return boolean(what, text)
    case 'time':
      return time(what, text)
    case 'json':
      return decodeLoose(text)
    case 'object':
      return object(what, text)
  }
}

function number(what: string, { name, type }: Field, text: string): number {
  const unitMs = name === 'ttl' ? 1000 : name.endsWith('Ms') ? 1 : undefined
  // A length of time may bear its own unit: `--ttl 1h`, `--lease-ms 30s`.
  if (unitMs !== undefined && /^[\d.]+[a-z]+$/.test(text)) return durationMs(what, text) / unitMs
  if (isNumber(text) && (type === 'number' || Number.isSafeInteger(Number(text)))) return Number(text)
  throw new InvalidInput(
    `${what} must be a ${type === 'integer' ? 'whole number' : 'number'}, got ${describe(text)}`,
  )
}

function isNumber(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
}

function boolean(what: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new InvalidInput(`${what} is true or false, got ${describe(text)}`)
}

/** ISO 8601, the time of day and its zone optional: without a zone it is a time where the user is. */
const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/i

/** A point in time: ISO 8601, or a signed length of time from now: `-1h`, `+7d`. */
function time(what: string, text: string): Date {
  const [, sign, length] = /^([+-])(\d.*[a-z])$/.exec(text) ?? []
  if (length !== undefined) return new Date(Date.now() + Number(`${sign}1`) * durationMs(what, length))
  const [, day, hour = '00:00', zone = ''] = isoTime.exec(text) ?? []
  const date = new Date(`${day}T${hour}${zone}`)
  if (!Number.isNaN(date.getTime())) return date
  throw new InvalidInput(`${what} must be a time, got ${describe(text)}`, {
    hint: 'For example 2026-01-31T12:00:00Z, "2026-01-31 12:00", or from now: -1h, +7d.',
  })
}

function object(what: string, text: string): unknown {
  const value = decodeLoose(text)
  if (isObject(value)) return value
  const pairs = text.split(',').map(pair => /^([^={]+)=(.*)$/s.exec(pair))
  if (pairs.every(pair => pair !== null)) {
    return Object.fromEntries(pairs.map(([, name, field]) => [name, decodeLoose(field ?? '')]))
  }
  throw new InvalidInput(`${what} must be a JSON object or name=value pairs, got ${describe(text)}`)
}
