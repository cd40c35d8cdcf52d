import type { JsonSchema } from '../schemas.ts'
import { readLoosely } from '../util/exact-json.ts'
import { isObject, type Json } from '../util/json.ts'

/**
 * What a model means by its input, where the schema leaves no other meaning: null and empty text are an optional field
 * that is absent, JSON text is the list or the object that is expected, digits are a number, and one item is a list of
 * it. What has no such meaning stays as it came, for the schema to refuse; a field that may be any JSON always does.
 */
export function readInput(input: Json, schema: JsonSchema): Json {
  const { anyOf } = schema
  if (anyOf !== undefined)
    return readInput(input, anyOf.find(each => fits(input, each)) ?? firstFor(input, anyOf))
  if (isOf('object', schema)) return readObject(input, schema)
  if (isOf('array', schema)) return readList(input, schema)
  return fits(input, schema) ? input : readScalar(input, schema)
}

function readObject(input: Json, { properties, required = [] }: JsonSchema): Json {
  const value = parsed(input, isObject)
  // Without properties it is a map, whose names and nulls are the caller's.
  if (!isObject(value) || properties === undefined) return value
  const fields = Object.entries(value).flatMap(([name, field]): [string, Json][] => {
    const known = properties[name]
    if (known === undefined) return isEmpty(field) ? [] : [[name, field]]
    return required.includes(name) || !isAbsent(field, known) ? [[name, readInput(field, known)]] : []
  })
  return Object.fromEntries(fields)
}

/** Whether a call gives a field of an input, be it null where that is a value. */
export function isGiven(input: Readonly<Record<string, unknown>>, name: string, schema: JsonSchema): boolean {
  const known = schema.properties?.[name]
  const field = input[name] as Json | undefined
  if (known === undefined || field === undefined) return false
  return (
    !isAbsent(field, known) ||
    (schema.required?.includes(name) === true && fits(field, known) && !isOf('string', known))
  )
}

/** Whether an optional field says nothing. Empty text may be a value where any JSON is. */
function isAbsent(field: Json, schema: JsonSchema): boolean {
  return field === null || (field === '' && isOf('string', schema))
}

function isEmpty(field: Json): boolean {
  return field === null || field === ''
}

function readList(input: Json, { items = {} }: JsonSchema): Json {
  const value = parsed(input, Array.isArray)
  if (Array.isArray(value)) return value.map(item => readInput(item, items))
  const item = readInput(value, items)
  return value !== null && fits(item, items) && !isBroken(item) ? [item] : value
}

/** Whether a text was to be a list or an object of JSON, and was not written to its end. Globs may begin with `[` as well. */
function isBroken(item: Json): boolean {
  return typeof item === 'string' && /^\s*(\[\s*["{]|\{\s*")/.test(item)
}

function readScalar(input: Json, schema: JsonSchema): Json {
  if (isOf('string', schema))
    return typeof input === 'number' || typeof input === 'boolean' ? String(input) : input
  if (typeof input !== 'string') return input
  if (isOf('boolean', schema)) return /^(true|false)$/i.test(input) ? input.toLowerCase() === 'true' : input
  // Only digits that print back as they are: of `1e3` or `007` nothing is certain.
  return String(Number(input)) === input ? Number(input) : input
}

/** The value that a JSON text stands for, where it is of the kind that is expected; else the text. */
function parsed(input: Json, isExpected: (value: Json) => boolean): Json {
  if (typeof input !== 'string' || !/^\s*[[{]/.test(input)) return input
  const { value } = readLoosely('a JSON text', input)
  return isExpected(value) ? value : input
}

/** The alternative by which an input can be read that fits none as it is. */
function firstFor(input: Json, anyOf: readonly JsonSchema[]): JsonSchema {
  return anyOf.find(each => fits(readInput(input, each), each)) ?? {}
}

function isOf(type: string, schema: JsonSchema): boolean {
  return schema.type === type
}

/** Whether a value is of the kind that a schema describes, so far as reading it needs to know. */
function fits(value: Json, schema: JsonSchema): boolean {
  const { type, anyOf, required = [] } = schema
  if (schema.enum !== undefined) return schema.enum.includes(value)
  if (anyOf !== undefined) return anyOf.some(each => fits(value, each))
  if (type === undefined) return true
  if (typeof type !== 'string') return type.some(each => fits(value, { ...schema, type: each }))
  switch (type) {
    case 'object':
      return isObject(value) && required.every(name => Object.hasOwn(value, name))
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
