import { call } from '../access/call.ts'
import type { Memory } from '../memory.ts'
import type { Operation } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'

/** A caller, and the memory that it calls. */
export interface Caller {
  readonly memory: Memory
  /** What the caller may do; undefined for the owner of the process. */
  readonly grant?: Grant | undefined
  /** Goes into the metadata of what is remembered; undefined when the caller has no name. */
  readonly writer?: string | undefined
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
export function ask(operation: Operation, input: Arguments, caller: Caller): Promise<unknown> {
  const { memory, grant, signal } = caller
  return call(operation, operation.mcp?.isSigned ? signed(input, caller) : input, { memory, grant, signal })
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
