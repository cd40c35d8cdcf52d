import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { toErrorResult } from '../../src/mcp/answer.ts'
import { toolboxFor } from '../../src/mcp/toolbox.ts'
import { actionOf, tools } from '../../src/mcp/tools.ts'
import type { JsonSchema } from '../../src/schemas.ts'
import { inputSchema } from '../../src/schemas.ts'
import { openScratch } from '../support/memory.ts'

const seed = 20_260_728

/** Values that a field of this kind may well hold. */
function fitting({ type, enum: choices, items }: JsonSchema): fc.Arbitrary<unknown> {
  if (choices !== undefined) return fc.constantFrom(...choices)
  if (type === 'integer' || type === 'number') return fc.integer({ min: 0, max: 5 })
  if (type === 'boolean') return fc.boolean()
  if (type === 'array' && items !== undefined) return fc.array(fitting(items), { minLength: 1, maxLength: 3 })
  if (type === 'object') return fc.constantFrom({ a: 1 }, { key: 'a', value: 1 }, { description: 'work' })
  return fc.constantFrom('a', 'b', 't1', '*', 'default', '1h')
}

/** Mostly what fits, sometimes anything. */
const field = (schema: JsonSchema) =>
  fc.oneof(
    { weight: 12, arbitrary: fitting(schema) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  )

/** The arguments that a schema describes; now and then one is missing, or there is one more. */
function argumentsOf({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  // With this one a call may wait for as long as it says.
  const { waitMs: _, ...waitless } = properties
  const fields = Object.fromEntries(Object.entries(waitless).map(([name, schema]) => [name, field(schema)]))
  const requiredKeys = required.filter(name => name in fields)
  const right = fc.record(fields, { requiredKeys })
  const wrong = fc.record({ ...fields, '': fc.jsonValue() }, { requiredKeys: [] })
  return fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

type Call = readonly [name: string, args: Record<string, unknown>]

const ownCalls: fc.Arbitrary<Call> = fc.constantFrom(...tools).chain(tool => {
  const [first, ...others] = tool.operations
  if (first === undefined) return fc.tuple(fc.constant(tool.name), fc.constant({}))
  return fc.constantFrom(first, ...others).chain(operation => {
    const action = tool.chosenBy === 'action' ? { action: actionOf(tool, operation) } : {}
    const args = argumentsOf(inputSchema(z, operation)).map(args => ({ ...args, ...action }))
    return fc.tuple(fc.constant(tool.name), args)
  })
})

describe('whatever a client sends to a tool', () => {
  for (const compat of [undefined, 'claude-flow'] as const) {
    it(`is answered, and no failure of ours comes of it: ${compat ?? 'own tools'}`, {
      timeout: 900_000,
    }, async () => {
      const memory = await openScratch()
      const toolbox = await toolboxFor(compat)
      const compatCalls: fc.Arbitrary<Call> = fc
        .constantFrom(...toolbox.list)
        .chain(({ name, inputSchema }) => fc.tuple(fc.constant(name), argumentsOf(inputSchema as JsonSchema)))
      const codes = new Map<string, number>()
      await fc.assert(
        fc.asyncProperty(compat === undefined ? ownCalls : compatCalls, async ([name, args]) => {
          const answer = await toolbox.call(name, args, { memory }).catch(toErrorResult)
          const text = String((answer.content[0] as { text: string }).text)
          const code = answer.isError ? (/^\w+/.exec(text)?.[0] ?? '') : 'ok'
          codes.set(code, (codes.get(code) ?? 0) + 1)
          expect(code, JSON.stringify({ name, args, answer })).not.toBe('storage')
          expect(JSON.stringify(answer).length).toBeLessThan(100_000)
        }),
        { seed, numRuns: 3_000 },
      )
      expect(codes.get('ok')).toBeGreaterThan(500)
      expect(codes.get('invalid_input')).toBeGreaterThan(100)
    })
  }
})
