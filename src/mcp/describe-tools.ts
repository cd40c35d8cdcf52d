import type { Tool as McpTool } from '@modelcontextprotocol/server'
import type { Operation, Zod } from '../operation.ts'
import type { JsonSchema } from '../schemas.ts'
import { inputSchema } from '../schemas.ts'
import { isGiven } from './read-input.ts'
import { actionOf, isLong, type Tool, tools } from './tools.ts'

type Properties = Record<string, JsonSchema>

const integer: JsonSchema = { type: 'integer' }
const text: JsonSchema = { type: 'string' }
const object: JsonSchema = { type: 'object' }
const anyJson: JsonSchema = { description: 'Any JSON' }

/** Tools as `tools/list` shows them. Each client reads all of it at every start, so every byte counts. */
export function describeTools(z: Zod): McpTool[] {
  return tools.map(tool => describeTool(z, tool))
}

function describeTool(z: Zod, tool: Tool): McpTool {
  const { name, title, description } = tool
  // Objects of ours are objects of JSON; that their type also allows `undefined` is of no weight.
  return {
    name,
    title,
    description,
    inputSchema: schemaOf(z, tool),
    annotations: {
      readOnlyHint: tool.effect === 'read',
      destructiveHint: tool.effect === 'destroy',
      idempotentHint: tool.isIdempotent,
      openWorldHint: false,
    },
  } as McpTool
}

function schemaOf(z: Zod, tool: Tool): JsonSchema {
  const { chosenBy, operations } = tool
  const hasAction = chosenBy === 'action' && operations.length > 0
  const properties: Properties = {}
  if (hasAction)
    properties.action = { type: 'string', enum: operations.map(operation => actionOf(tool, operation)) }
  for (const operation of operations) merge(properties, listedFields(z, operation))
  if (operations.some(({ mcp }) => mcp?.answer === 'record')) properties.offset = integer
  if (isLong(tool)) properties.maxTokens = integer
  const isRequired = hasAction && !operations.some(({ mcp }) => mcp?.isDefault)
  return { type: 'object', properties, ...(isRequired && { required: ['action'] }) }
}

function listedFields(z: Zod, operation: Operation): [string, JsonSchema][] {
  const fields = Object.entries(inputSchema(z, operation).properties ?? {})
  return fields.filter(([name]) => !operation.mcp?.unlisted?.includes(name))
}

/** Adds the fields of an operation. */
function merge(properties: Properties, fields: readonly [string, JsonSchema][]): void {
  for (const [name, field] of fields) {
    const short = brief(field)
    const known = properties[name]
    properties[name] = known === undefined || isSame(known, short) ? short : either(known, short)
  }
}

/** Clients refuse a field of two types; text stands for both, since digits are read as the number they are. */
function either(one: JsonSchema, other: JsonSchema): JsonSchema {
  return one === anyJson || other === anyJson ? anyJson : text
}

const isSame = (a: JsonSchema, b: JsonSchema) => JSON.stringify(a) === JSON.stringify(b)

/** What a field is, without what it is for; only what may be any JSON has no type, for then there is none. */
function brief({ type, enum: choices, items }: JsonSchema): JsonSchema {
  if (choices !== undefined) return { type: 'string', enum: choices }
  // Some clients refuse an array that does not say what is in it.
  if (type === 'array') return { type, items: items?.type === 'object' ? object : text }
  if (typeof type === 'string') return { type }
  return type === undefined ? anyJson : text
}

/** The operation that a call of a tool means: see {@link Tool.chosenBy}. Undefined when it names none. */
export function choose(z: Zod, tool: Tool, args: Record<string, unknown>): Operation | undefined {
  const { operations, chosenBy } = tool
  if (chosenBy === 'fields') return byFields(z, tool, args)
  const { action } = args
  if (action === undefined || action === null || action === '')
    return operations.find(({ mcp }) => mcp?.isDefault)
  return operations.find(operation => action === operation.name || action === actionOf(tool, operation))
}

/** What a call has to give for an operation: all that it needs but what is assumed. */
export function callSchema(z: Zod, operation: Operation): JsonSchema {
  const { required = [], ...schema } = inputSchema(z, operation)
  const assumed = Object.keys(operation.mcp?.assumed ?? {})
  return { ...schema, required: required.filter(name => !assumed.includes(name)) }
}

/** The one that needs most of the fields given; of those that need as many, the one that knows most. */
function byFields(z: Zod, { operations }: Tool, args: Record<string, unknown>): Operation | undefined {
  const schemas = operations.map(operation => inputSchema(z, operation))
  const given = Object.keys(args).filter(name => schemas.some(schema => isGiven(args, name, schema)))
  const fitting = operations.flatMap((operation, i) => {
    const { properties = {}, required = [] } = schemas[i] ?? {}
    const missing = required.filter(name => !given.includes(name))
    if (missing.some(name => operation.mcp?.assumed?.[name] === undefined)) return []
    const known = given.filter(name => name in properties)
    return [{ operation, rank: [required.length - missing.length, known.length, -missing.length] }]
  })
  return fitting.sort((a, b) => compare(b.rank, a.rank))[0]?.operation
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, i) => value - (b[i] ?? 0)).find(difference => difference !== 0) ?? 0
}
