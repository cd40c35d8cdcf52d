import { call } from '../access/call.ts'
import type { Memory } from '../memory.ts'
import type { Keep, Operation } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'

/** A caller, and the memory that it calls. */
export interface Caller {
  readonly memory: Memory
  /** What the caller may do; undefined for the owner of the process. */
  readonly grant?: Grant | undefined
  /** How long the caller holds what it takes and says nothing, in milliseconds. Default: the library's. */
  readonly holdMs?: number | undefined
  /** Keeps what the caller took so, beyond that time. */
  readonly keep?: (kept: Keep) => void
  readonly signal?: AbortSignal | undefined
}

export type Arguments = Readonly<Record<string, unknown>>

/** A call of an operation through a tool. */
export interface ToolCall {
  readonly operation: Operation
  readonly input: Arguments
  readonly caller: Caller
  /** How long the data of the answer may be, in characters. */
  readonly room: number
}

/** Runs an operation as this caller. */
export async function ask(operation: Operation, input: Arguments, caller: Caller): Promise<unknown> {
  const { memory, grant, signal, holdMs, keep } = caller
  const answer = await call(operation, input, { memory, grant, signal, holdMs })
  const { lease } = operation
  // What was taken for a time of the caller's own choice ends when that does.
  if (lease !== undefined && input[lease] === undefined && operation.keep) keep?.(operation.keep(answer))
  return answer
}
