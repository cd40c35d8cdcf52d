import type { Operation, Zod } from '../operation.ts'
import { inputSchema, type JsonSchema } from '../schemas.ts'
import { type Command, type Field, type FieldType, kebab } from './command.ts'
import { listFlags } from './flags.ts'
import { valueField, valueOptions } from './value-options.ts'

/** The domains whose operations are commands of their own; those of the others are called by the domain's name. */
const topLevel = ['kv', 'history', 'find', 'briefing', 'reservations', 'maintenance']

/** The command of an operation; its fields are read off the schema of its input. */
export function describeOperation(zod: Zod, operation: Operation): Command {
  const { properties = {}, required = [] } = inputSchema(zod, operation)
  const fields = Object.entries(properties).map(([name, schema]) =>
    describeField(name, schema, required.includes(name)),
  )
  const positionals = operation.positionals.map(name => {
    const field = fields.find(candidate => candidate.name === name)
    if (field === undefined)
      throw new Error(`${operation.name} has no input ${name}, which its positionals name`)
    return field
  })
  return {
    path: commandPath(operation.name),
    operation: operation.name,
    summary: operation.summary,
    effect: operation.effect,
    ...(operation.result !== undefined && { result: operation.result }),
    positionals,
    options: [
      ...fields.filter(field => !positionals.includes(field)),
      ...(valueField({ positionals }) === undefined ? [] : valueOptions),
      ...(operation.view === undefined ? [] : listFlags(operation.view)),
    ],
    examples: operation.examples,
  }
}

/** `kv.store` is `store`, `tasks.claim` is `tasks claim`; `reservations.list` is `reservations`. */
export function commandPath(operation: string): string {
  const [domain = '', method = ''] = operation.split('.')
  if (topLevel.includes(domain)) return method === 'list' ? domain : kebab(method)
  return `${kebab(domain)} ${kebab(method)}`
}

function describeField(name: string, schema: JsonSchema, isRequired: boolean): Field {
  const { type: kind, isList } = valueType(schema)
  const type = lengthType(name, kind) ?? kind
  const choices = choicesOf(isList ? (schema.items ?? schema) : schema)
  return {
    name,
    type,
    ...(isList && { isList }),
    ...(isRequired && { isRequired }),
    ...(choices !== undefined && { choices }),
    description: describeValue(schema),
  }
}

/** Numbers that are lengths of time have their unit in their name. */
function lengthType(name: string, type: FieldType): FieldType | undefined {
  if (type !== 'number' && type !== 'integer') return
  if (name === 'ttl') return 'seconds'
  return name.endsWith('Ms') ? 'milliseconds' : undefined
}

function describeValue({ description = '', default: standard }: JsonSchema): string {
  if (standard === undefined || /default/i.test(description)) return description
  return `${description}${description && '; '}default: ${typeof standard === 'string' ? standard : JSON.stringify(standard)}`
}

function choicesOf(schema: JsonSchema): readonly string[] | undefined {
  const values = schema.enum ?? schema.anyOf?.map(option => option.const) ?? [schema.const]
  return values.every(value => typeof value === 'string') ? values : undefined
}

function valueType(schema: JsonSchema): { type: FieldType; isList: boolean } {
  const types = alternatives(schema).map(oneType)
  const lists = types.filter(({ isList }) => isList)
  const kinds = [...new Set(types.map(({ type }) => type))]
  const [only] = kinds
  if (kinds.length === 1 && only !== undefined) return { type: only, isList: lists.length > 0 }
  if (lists.length === 0 && kinds.every(kind => ['text', 'number', 'integer'].includes(kind))) {
    return { type: kinds.includes('text') ? 'mixed' : 'number', isList: false }
  }
  return { type: 'json', isList: false }
}

/** The schemas of which a value must meet one, without null: a command line leaves out what it does not set. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const { type } = schema
  const all = schema.anyOf ?? (Array.isArray(type) ? type.map(one => ({ ...schema, type: one })) : [schema])
  return all.filter(one => one.type !== 'null')
}

function oneType(schema: JsonSchema): { type: FieldType; isList: boolean } {
  if (schema.type === 'array') return { type: valueType(schema.items ?? {}).type, isList: true }
  return { type: scalarType(schema), isList: false }
}

function scalarType({ type, format, const: constant, enum: choices }: JsonSchema): FieldType {
  if (format === 'date-time') return 'time'
  if (type === 'string' || typeof constant === 'string' || choices !== undefined) return 'text'
  if (type === 'number' || type === 'integer' || type === 'boolean' || type === 'object') return type
  return 'json'
}
