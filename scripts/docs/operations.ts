import { z } from 'zod'
import { commandPath } from '../../src/cli/describe.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { inputSchema, type JsonSchema } from '../../src/schemas.ts'
import { paragraphs, table } from './markdown.ts'

/** Every operation: what calls it, what it needs, and its input field by field. */
export function operationList(): string {
  return operations.map(describe).join('\n\n')
}

function describe(operation: Operation): string {
  const { properties = {}, required = [] } = inputSchema(z, operation)
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\``,
    typeText(schema),
    required.includes(name) ? 'yes' : '',
    schema.description ?? '',
  ])
  const { name, summary, effect, permission } = operation
  return paragraphs(
    `### ${name}`,
    `${summary}.`,
    table(
      ['library', 'command line', 'effect', 'permission'],
      [[`\`memory.${name}()\``, `\`hivewax ${commandPath(name)}\``, effect, `\`${permission}\``]],
    ),
    table(['input', 'type', 'required', 'meaning'], rows),
  )
}

/** A JSON Schema in a few words. */
function typeText(schema: JsonSchema): string {
  const { type, format, items, anyOf, enum: choices } = schema
  if (choices !== undefined) return choices.map(choice => `\`${JSON.stringify(choice)}\``).join(' or ')
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeText))].join(' or ')
  if (type === 'array') return `array of ${typeText(items ?? {})}`
  if (format === 'date-time') return 'ISO 8601 time'
  if (Array.isArray(type)) return type.join(' or ')
  return typeof type === 'string' ? type : 'any JSON'
}
