import fc from 'fast-check'
import { z } from 'zod'
import type { Operation } from '../../src/operation.ts'
import { inputSchema } from '../../src/schemas.ts'

/** JSON Schema as zod writes it, of which {@link valuesOf} reads the whole. */
interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  prefixItems?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  $ref?: string
  $defs?: Record<string, Schema>
}

/** Few names, so that calls meet what others have made. */
const names = fc.constantFrom('a', 'b', 'c', 'default', 'é')

/** What must not be just anything: calls would wait for long, or be about files. */
const special: Record<string, fc.Arbitrary<unknown>> = {
  waitMs: fc.nat(5),
  timeoutMs: fc.nat(5),
  path: fc.constant('file.json'),
  sql: fc.constantFrom('select 1 as one', 'select key from memory_store limit 3'),
  params: fc.constant([]),
  cursor: fc.constant(undefined),
  // Seldom one that does not exist, which refuses the whole task.
  parentId: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, names),
}

/** Inputs that the schema of an operation accepts. */
export function inputsOf(operation: Operation): fc.Arbitrary<Record<string, unknown>> {
  const schema = inputSchema(z, operation) as Schema
  return valuesOf(schema, schema) as fc.Arbitrary<Record<string, unknown>>
}

function valuesOf(schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fc.jsonValue({ maxDepth: 2 })
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(each => valuesOf(each, root)))
  if (schema.prefixItems !== undefined)
    return fc.tuple(...schema.prefixItems.map(each => valuesOf(each, root)))
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map(type => valuesOf({ ...schema, type }, root)))
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? fc.constantFrom('2020-01-01T00:00:00.000Z', '2100-01-01') : names
    case 'integer':
    case 'number':
      return numbersOf(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, root), { minLength: 1, maxLength: 3 })
    case 'object':
      return recordsOf(schema, root)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function recordsOf(
  { properties, required = [], additionalProperties }: Schema,
  root: Schema,
): fc.Arbitrary<object> {
  if (properties === undefined) return fc.dictionary(names, valuesOf(additionalProperties ?? {}, root))
  const fields = Object.entries(properties).map(([name, each]): [string, fc.Arbitrary<unknown>] => {
    const values = special[name] ?? valuesOf(each, root)
    return [name, required.includes(name) ? values : fc.option(values, { nil: undefined })]
  })
  return fc.record(Object.fromEntries(fields)).map(withoutUndefined)
}

function withoutUndefined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

function numbersOf({ minimum = 0, exclusiveMinimum, maximum = 50 }: Schema): fc.Arbitrary<number> {
  const least = Math.max(minimum, exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1)
  return fc.integer({ min: least, max: Math.max(least, Math.min(maximum, 50)) })
}
