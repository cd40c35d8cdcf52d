import { call } from '../access/call.ts'
import type { Memory } from '../memory.ts'
import type { Keep, Operation } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'

/** A caller, and the memory that it calls. */
export interface Caller {
  readonly memory: Memory
  /** What the caller may do; undefined for the owner of the process. */
  readonly grant?: Grant | undefined
  /** Goes into the metadata of what is remembered; undefined when the caller has no name. */
  readonly writer?: string | undefined
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
  const said = operation.mcp?.isSigned ? signed(input, caller) : input
  const answer = await call(operation, said, { memory, grant, signal, holdMs })
  const { lease } = operation
  // What was taken for a time of the caller's own choice ends when that does.
  if (lease !== undefined && input[lease] === undefined && operation.keep) keep?.(operation.keep(answer))
  return answer
}

/** A stored record names its writer, which no caller can choose: a reader can judge the record by that. */
function signed(input: Arguments, { writer }: Caller): Arguments {
  const { records } = input
  if (!Array.isArray(records)) return sign(input, writer)
  return { ...input, records: records.map(record => (isObject(record) ? sign(record, writer) : record)) }
}

/** Metadata that is no object has no place for a name, and stays as it is. */
function sign(record: Arguments, writtenBy: string | undefined): Arguments {
  const { metadata = {} } = record
  if (!isObject(metadata)) return record
  const { writtenBy: _, ...others } = metadata
  const signed = { ...others, ...(writtenBy !== undefined && { writtenBy }) }
  return Object.keys(signed).length === 0 ? omitMetadata(record) : { ...record, metadata: signed }
}

function omitMetadata({ metadata: _, ...record }: Arguments): Arguments {
  return record
}

function isObject(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
