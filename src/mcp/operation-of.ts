import type { Operation, Zod } from '../operation.ts'
import { operations } from '../operations.ts'
import { inputSchema, type JsonSchema } from '../schemas.ts'

const byName = new Map(operations.map(operation => [operation.name, operation]))

/** The operation of this name, which must exist: the names are ours. */
export function operationOf(name: string): Operation {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`there is no operation ${name}`)
  return found
}

const schemas = new WeakMap<Operation, JsonSchema>()

/** What an operation takes, made once: every call looks into it. */
export function inputOf(z: Zod, operation: Operation): JsonSchema {
  const known = schemas.get(operation) ?? inputSchema(z, operation)
  schemas.set(operation, known)
  return known
}
