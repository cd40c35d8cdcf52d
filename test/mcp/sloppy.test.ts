import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { toErrorResult } from '../../src/mcp/answer.ts'
import { callSchema, describeTools } from '../../src/mcp/describe-tools.ts'
import { readInput } from '../../src/mcp/read-input.ts'
import { toolboxFor } from '../../src/mcp/toolbox.ts'
import { actionOf, tools } from '../../src/mcp/tools.ts'
import type { JsonSchema } from '../../src/schemas.ts'
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

/** Values of which nobody can tell what they mean for a field. A text for a list is one item of it. */
function* wrong(schema: JsonSchema): Generator<Json> {
  const types = (schema.anyOf ?? [schema]).flatMap(({ type }) => type ?? [])
  const isNone = (...names: string[]) => !names.some(name => types.includes(name))
  if (isNone('object')) yield { a: 1 }
  if (isNone('array')) yield* [[], [1, 2], [{ a: 1 }]]
  if (isNone('boolean', 'string', 'array')) yield true
  if (isNone('string', 'array') || schema.enum !== undefined) yield 'nonsense'
  if (!isNone('integer') && isNone('string')) yield 1.5
  if (!isNone('integer', 'number')) yield '1e400'
  if (!isNone('object', 'array')) yield* ['{"a":', '["a",']
  if (schema.format === 'date-time') yield* [0, '1', 'soon']
}

const actions = tools.flatMap(tool =>
  tool.operations.map(operation => ({ tool, operation, schema: callSchema(z, operation) })),
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
      expect(listed.get(tool.name), operation.name).toEqual(
        expect.arrayContaining([...(schema.required ?? [])]),
      )
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
      const called = toolbox.call(tool.name, args, { memory: memory.as('coder') })
      const { content, isError = false } = await called.catch(toErrorResult)
      const { error } = read((content[0] as { text: string }).text, isError)
      expect(error?.code, `${operation.name}: ${error?.message}`).not.toBe('invalid_input')
    }
  })

  it('refuses what is plainly wrong, by the name of its field', async () => {
    const memory = await openScratch()
    const toolbox = await toolboxFor(undefined)
    let forms = 0
    for (const { tool, operation, schema } of actions) {
      const { properties = {}, required = [] } = schema
      const needed = required.map(name => [name, sample(properties[name] ?? {}, name)])
      for (const [name, field] of Object.entries(properties)) {
        if (isAny(field)) continue
        for (const value of wrong(field)) {
          forms++
          const args = { ...Object.fromEntries(needed), [name]: value }
          if (tool.chosenBy === 'action') args.action = actionOf(tool, operation)
          const called = toolbox.call(tool.name, args, { memory: memory.as('coder') })
          const { content, isError = false } = await called.catch(toErrorResult)
          const { error } = read((content[0] as { text: string }).text, isError)
          const what = `${operation.name} ${name}: ${JSON.stringify(value)}`
          expect(error, what).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(name) })
        }
      }
    }
    expect(forms).toBeGreaterThan(500)
  })

  it('assumes what it does when a field that it needs otherwise is null or empty', async () => {
    const memory = await openScratch()
    const toolbox = await toolboxFor(undefined)
    await memory.store('a', 1, { namespace: 'other' })
    for (const glob of [null, '']) {
      const { content } = await toolbox.call('recall', { namespace: 'other', glob }, { memory })
      expect(read((content[0] as { text: string }).text, false).data).toMatchObject([{ key: 'a' }])
    }
  })
})
