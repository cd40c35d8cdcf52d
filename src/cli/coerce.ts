import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { readLoosely } from '../util/exact-json.ts'
import { isObject, type Json } from '../util/json.ts'
import type { Field } from './command.ts'
import { isLength, lengthMs, timeIn, timeOf } from './times.ts'

/** What is given a value, and how that is read. */
export interface Argument {
  /** Names it in errors. */
  readonly what: string
  readonly field: Field
  /** Whether JSON is not looked for. */
  readonly isText?: boolean
  /** Hears what looks like JSON or a number, but was taken as text. */
  readonly note?: (why: string) => void
}

/** The value that the texts of one argument mean. Of a single value the last text counts, as in `--limit 5 --limit 9`. */
export function coerce(argument: Argument, texts: readonly string[]): unknown {
  const { field } = argument
  if (field.isVerbatim) return texts
  if (field.isList) return texts.flatMap(text => coerceList(argument, text))
  return coerceOne(argument, texts.at(-1) ?? '')
}

/** The milliseconds of an option that is a length of time, when it was given: `30s`, `5m`. */
export function optionMs(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.round(lengthMs(option, text))
}

/** Those that stand between items: not those of a glob's `{a,b}`. */
const commas = /,(?![^{}]*\})/

function coerceList(argument: Argument, text: string): unknown[] {
  const { field, what } = argument
  const list = text.startsWith('[') ? readLoosely(what, text).value : undefined
  if (Array.isArray(list)) return list
  const isWhole = field.type === 'json' || field.type === 'object'
  const items = isWhole ? [text] : text.split(commas).filter(Boolean)
  return items.map(item => coerceOne(argument, item))
}

function coerceOne(argument: Argument, text: string): unknown {
  const { what, field } = argument
  if (field.choices !== undefined && !field.choices.includes(text)) {
    throw new InvalidInput(`${what} must be one of ${field.choices.join(', ')}, got ${describe(text)}`)
  }
  switch (field.type) {
    case 'text':
      return text
    case 'number':
    case 'integer':
      return number(what, field.type, text)
    case 'seconds':
      return isLength(text) ? lengthMs(what, text) / 1000 : number(what, 'number', text)
    case 'milliseconds':
      return isLength(text) ? Math.round(lengthMs(what, text)) : number(what, 'integer', text)
    case 'mixed':
      return isNumber(text) ? Number(text) : (timeIn(what, text) ?? text)
    case 'boolean':
      return boolean(what, text)
    case 'time':
      return timeOf(what, field.name, text)
    case 'json':
      return json(argument, text)
    case 'object':
      return object(what, text)
  }
}

function json({ what, isText, note }: Argument, text: string): Json {
  if (isText) return text
  const { value, why } = readLoosely(what, text)
  if (why !== undefined) note?.(why)
  return value
}

function number(what: string, type: 'number' | 'integer', text: string): number {
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

function object(what: string, text: string): unknown {
  const { value } = readLoosely(what, text)
  if (isObject(value)) return value
  const pairs = text.split(',').map(pair => /^([^={]+)=(.*)$/s.exec(pair))
  if (pairs.every(pair => pair !== null)) {
    return Object.fromEntries(
      pairs.map(([, name, field]) => [name, readLoosely(`${what} ${name}`, field ?? '').value]),
    )
  }
  throw new InvalidInput(`${what} must be a JSON object or name=value pairs, got ${describe(text)}`)
}
