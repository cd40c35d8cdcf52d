import type { Operation, Zod } from './operation.ts'
import type { Json } from './util/json.ts'

/** The pieces that inputs of many operations share. Each takes zod, see `operation.ts`. */

/**
 * Any JSON value; the domains check it. On a command line: JSON when it parses, else the text itself. In JSON
 * Schema it is `{}`, since not every client follows the recursion that says the same at length.
 */
export const json = (z: Zod, description: string) => z.custom<Json>().describe(description)

export const namespace = (z: Zod) => z.string().optional().describe('Namespace; default: default')

/** `limit` and `cursor`, for every list. */
export const page = (z: Zod) => ({
  limit: z.number().int().min(1).max(10_000).optional().describe('How many at most; default 100'),
  cursor: z.string().optional().describe('Go on after the page that returned this cursor'),
})

/** A moment: ISO 8601 text at the doors, a Date inside. JavaScript makes one of numbers, lists and null as well. */
export const time = (z: Zod, description: string) =>
  z
    .preprocess(given => (isIsoTime(given) ? new Date(given) : given), z.date({ error: notATime }))
    .meta({ type: 'string', format: 'date-time', description })

const notATime = 'must be a time as ISO 8601 text, such as 2026-01-31T12:00:00Z'

function isIsoTime(given: unknown): given is string {
  return typeof given === 'string' && /^\d{4}-\d\d-\d\d/.test(given)
}

/** The moment of which an answer is to be. */
export const asOf = (z: Zod) => time(z, 'As it was at this moment; default: now').optional()

/** `asOf` and `revision`, for what has a history. */
export const past = (z: Zod) => ({
  asOf: asOf(z),
  revision: z.number().int().min(1).optional().describe('As this revision wrote it; default: the latest'),
})

/** What of a record is redacted, and why. */
export const redaction = (z: Zod) => ({
  revision: z.number().int().min(1).optional().describe('Only what this revision wrote; default: all'),
  reason: z.string().optional().describe('Why, for the event that tells of it'),
  vacuum: z
    .boolean()
    .optional()
    .describe("Rewrite the store's files too, while writers wait; default: true; else vacuum --full later"),
})

/** A time, or a length of time from now: see `TimeOrDuration`. */
export const timeOrDuration = (z: Zod, description: string) =>
  z.union([z.string(), z.number()]).describe(description)

/** The part of JSON Schema that inputs use. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly maximum?: number
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

const inputSchemas = new WeakMap<Operation, JsonSchema>()

/**
 * What a caller sends to an operation, as JSON Schema: times are ISO 8601 text. Made once, for that takes a millisecond
 * and doors look into it at every call.
 */
export function inputSchema(z: Zod, operation: Operation): JsonSchema {
  const known = inputSchemas.get(operation) ?? makeInputSchema(z, operation)
  inputSchemas.set(operation, known)
  return known
}

function makeInputSchema(z: Zod, operation: Operation): JsonSchema {
  const schema = z.toJSONSchema(operation.input(z), { io: 'input', unrepresentable: 'any' })
  // What toJSONSchema declares is the whole of JSON Schema, where a schema may be `true` too; ours are objects.
  return schema as JsonSchema
}
