import type { Tool as McpTool } from '@modelcontextprotocol/server'
import type { Operation, Zod } from '../operation.ts'
import { operationOf } from '../operations.ts'
import type { JsonSchema } from '../schemas.ts'
import { inputOf } from './input-of.ts'
import { actionOf, type Tool, tools } from './tools.ts'

type Properties = Record<string, JsonSchema>

const integer: JsonSchema = { type: 'integer' }
const text: JsonSchema = { type: 'string' }

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
    outputSchema: outputOf(tool),
    annotations: {
      readOnlyHint: tool.effect === 'read',
      destructiveHint: tool.effect === 'destroy',
      idempotentHint: tool.isIdempotent,
      openWorldHint: false,
    },
  } as McpTool
}

function schemaOf(z: Zod, tool: Tool): JsonSchema {
  const { effect, chosenBy, operations, defaultAction, unlisted = [] } = tool
  const properties: Properties = {}
  if (chosenBy === 'action' && operations.length > 0) {
    properties.action = {
      type: 'string',
      enum: operations.map(name => actionOf(tool, name)),
    }
  }
  for (const name of operations) merge(properties, inputOf(z, operationOf(name)))
  for (const name of unlisted) delete properties[name]
  if (tool.name === 'recall') properties.offset = integer
  if (effect === 'read' || tool.name === 'tasks_write') properties.maxTokens = integer
  const required = chosenBy === 'action' && defaultAction === undefined && operations.length > 0
  return { type: 'object', properties, ...(required && { required: ['action'] }) }
}

/** Adds the fields of an operation. Where two operations differ over one, anything is allowed: they check it. */
function merge(properties: Properties, { properties: fields = {} }: JsonSchema): void {
  for (const [name, field] of Object.entries(fields)) {
    const short = brief(field)
    const known = properties[name]
    properties[name] = known === undefined || isSame(known, short) ? short : {}
  }
}

const isSame = (a: JsonSchema, b: JsonSchema) => JSON.stringify(a) === JSON.stringify(b)

/** What a field is, without what it is for. */
function brief({ type, enum: choices, items }: JsonSchema): JsonSchema {
  if (choices !== undefined) return { type: 'string', enum: choices }
  // Some clients refuse an array that does not say what is in it.
  if (type === 'array') return { type, items: items?.type === 'string' ? text : {} }
  return typeof type === 'string' ? { type } : {}
}

function outputOf({ effect, name }: Tool): JsonSchema {
  const isLong = effect === 'read' || name === 'tasks_write'
  const properties: Properties = { data: {} }
  return {
    type: 'object',
    properties: isLong ? { ...properties, cursor: text } : properties,
  }
}

/** The operation that a call of a tool means: see {@link Tool.chosenBy}. Undefined when it names none. */
export function choose(z: Zod, tool: Tool, args: Record<string, unknown>): Operation | undefined {
  if (tool.chosenBy === 'action') return byAction(tool, args.action)
  const given = Object.keys(args).filter(name => args[name] !== undefined)
  const fitting = tool.operations
    .map(operationOf)
    .map(operation => ({ operation, required: inputOf(z, operation).required ?? [] }))
    .filter(({ required }) => required.every(name => given.includes(name)))
    .sort((a, b) => b.required.length - a.required.length)
  return fitting[0]?.operation
}

function byAction(tool: Tool, action: unknown): Operation | undefined {
  const name = tool.operations.find(
    name =>
      action === name ||
      action === actionOf(tool, name) ||
      (action === undefined && name === tool.defaultAction),
  )
  return name === undefined ? undefined : operationOf(name)
}
