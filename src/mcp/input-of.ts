import type { Operation, Zod } from '../operation.ts'
import { inputSchema, type JsonSchema } from '../schemas.ts'

const schemas = new WeakMap<Operation, JsonSchema>()

/** What an operation takes, made once: every call looks into it. */
export function inputOf(z: Zod, operation: Operation): JsonSchema {
  const known = schemas.get(operation) ?? inputSchema(z, operation)
  schemas.set(operation, known)
  return known
}
