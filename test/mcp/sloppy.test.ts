import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeTools } from '../../src/mcp/describe-tools.ts'
import { readInput } from '../../src/mcp/read-input.ts'
import { toolboxFor } from '../../src/mcp/toolbox.ts'
import { actionOf, tools } from '../../src/mcp/tools.ts'
import type { JsonSchema } from '../../src/schemas.ts'
import { inputSchema } from '../../src/schemas.ts'
import type { Json } from '../../src/util/json.ts'
import { openScratch } from '../support/memory.ts'
import { read } from './support.ts'

/** A value that a schema accepts, of the kind that a model would send. */
function sample(schema: JsonSchema, name: string): Json {
  const { type, enum: choices, anyOf, items = {}, properties = {}, required = [] } = schema
  if (choices !== undefined) return choices[0] as Json
  if (anyOf !== undefined) return sample(anyOf[0] ?? {}, name)
  if (type === 'array') return [sample(items, name)]
  if (type === 'object')
    return Object.fromEntries(required.map(field => [field, sample(properties[field] ?? {}, field)]))
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return 1
  if (schema.format === 'date-time') return '2100-01-01T00:00:00.000Z'
  return type === undefined ? { any: 'json' } : '1'
}

/** Ways in which models write a value, all of which mean the same. */
function* sloppy(value: Json): Generator<Json> {
  if (typeof value === 'object' && value !== null) yield JSON.stringify(value)
  if (Array.isArray(value)) yield value[0] as Json
  if (typeof value === 'number' || typeof value === 'boolean') yield String(value)
  if (value === true) yield 'True'
  if (value === '1') yield 1
}

const actions = tools.flatMap(tool =>
  tool.operations.map(operation => ({ tool, operation, schema: inputSchema(z, operation) })),
)

const isAny = ({ type, anyOf, enum: choices }: JsonSchema) =>
  type === undefined && anyOf === undefined && choices === undefined

describe('the input of every action', () => {
  it('is understood however a model writes its fields', () => {
    let forms = 0
    for (const { operation, schema } of actions) {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        // A text for a time or a length of time is one already.
        if (isAny(field) || Array.isArray(field.type)) continue
        const value = sample(field, name)
        expect(readInput({ [name]: value }, schema), operation.name).toEqual({ [name]: value })
        for (const form of sloppy(value)) {
          forms++
          expect(
            readInput({ [name]: form }, schema),
            `${operation.name} ${name}: ${JSON.stringify(form)}`,
          ).toEqual({
            [name]: value,
          })
        }
      }
    }
    expect(forms).toBeGreaterThan(150)
  })

  it('lacks the optional fields that are null or empty', () => {
    for (const { operation, schema } of actions) {
      const names = Object.keys(schema.properties ?? {}).filter(name => !schema.required?.includes(name))
      const empty = Object.fromEntries(names.map(name => [name, null]))
      expect(readInput(empty, schema), operation.name).toEqual({})
    }
  })

  it('keeps what may be any JSON as it came, null and texts that look like JSON too', () => {
    for (const value of [null, '', '5', 'true', '[1]', '{"a":1}', { a: null }, ['']] as Json[]) {
      for (const { operation, schema } of actions) {
        for (const name of schema.required ?? []) {
          if (!isAny(schema.properties?.[name] ?? {})) continue
          expect(readInput({ [name]: value }, schema), operation.name).toEqual({ [name]: value })
        }
      }
    }
  })

  it('stays as it came where nothing is certain', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        count: { type: 'integer' },
        is: { type: 'boolean' },
        list: { type: 'array', items: { type: 'integer' } },
      },
    }
    const unsure = { count: '1e3', is: 'yes', list: '[1' }
    expect(readInput(unsure, schema)).toEqual(unsure)
    for (const count of ['007', '0x10', ' 5', '5.0', '9007199254740993'])
      expect(readInput({ count }, schema)).toEqual({ count })
  })
})

describe('every action of every tool', () => {
  it('can be called with listed fields alone', () => {
    const listed = new Map(
      describeTools(z).map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]),
    )
    for (const { tool, operation, schema } of actions) {
      const given = Object.keys(operation.mcp?.assumed ?? {})
      const needed = (schema.required ?? []).filter(name => !given.includes(name))
      expect(listed.get(tool.name), operation.name).toEqual(expect.arrayContaining(needed))
    }
  })

  it('is found, and takes its fields, when all others that the tool lists are null', async () => {
    const memory = await openScratch()
    const toolbox = await toolboxFor(undefined)
    const listed = new Map(
      toolbox.list.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]),
    )
    for (const { tool, operation, schema } of actions) {
      const needed = (schema.required ?? []).map(name => [
        name,
        sample(schema.properties?.[name] ?? {}, name),
      ])
      const args: Record<string, unknown> = {
        ...Object.fromEntries((listed.get(tool.name) ?? []).map(name => [name, null])),
        ...Object.fromEntries(needed),
        ...(tool.chosenBy === 'action' && { action: actionOf(tool, operation) }),
      }
      const { content, isError = false } = await toolbox.call(tool.name, args, { memory: memory.as('coder') })
      const { error } = read((content[0] as { text: string }).text, isError)
      expect(error?.code, `${operation.name}: ${error?.message}`).not.toBe('invalid_input')
    }
  })
})
