import type { Operation } from '../operation.ts'
import type { Json } from '../util/json.ts'
import type { Answer } from './answer.ts'
import { fitValue, plain } from './budget.ts'
import type { Arguments, ToolCall } from './caller.ts'

interface List {
  items: Json[]
  cursor: string | undefined
  /** How many changes were not searched for it, at most. */
  missing: number
}

/** What an operation gave: a list, or anything else. */
export type ListOrValue = List | { value: Json }

/** A result as a list, if it is one. */
export function listOrValue(result: unknown): ListOrValue {
  const value = plain(result)
  if (Array.isArray(value)) return { items: value, cursor: undefined, missing: 0 }
  if (typeof value === 'object' && value !== null && Array.isArray(value.items)) {
    const { items, cursor, missing } = value
    return {
      items,
      cursor: typeof cursor === 'string' ? cursor : undefined,
      missing: typeof missing === 'number' ? missing : 0,
    }
  }
  return { value }
}

/** A single result, cut to fit. @param of what a bare value is the value of */
export function fitted({ operation, room }: ToolCall, data: Json, of?: Arguments): Answer {
  if (data === null) return { data, ...(operation.effect === 'read' && { note: 'Nothing found.' }) }
  const { value, isCut } = fitValue(of === undefined ? data : { of: plain(of), value: data }, room)
  return { data: value, ...(isCut && { note: cutNote(operation) }) }
}

export function cutNote({ effect }: Operation): string {
  return effect === 'read'
    ? 'Long texts are cut: call again with a higher maxTokens for all of it.'
    : 'Long texts are cut: read the record for all of it.'
}
