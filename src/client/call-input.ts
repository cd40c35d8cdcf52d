import type { Operation } from '../operation.ts'

/** The input of an operation from the arguments of its method, and the signal among them. */
export function toInput(
  { arguments: places, renamed, records }: Operation,
  args: readonly unknown[],
): { input: Record<string, unknown>; signal: AbortSignal | undefined } {
  // Both stay with the caller: the server has its own ways to end a call.
  const { signal, onProgress, ...others } = fieldsOf(args[places.length])
  const input = Object.fromEntries([
    ...places.map((field, i) => [field, args[i]]),
    ...Object.entries(others).map(([name, value]) => [renamed[name] ?? name, value]),
  ])
  return {
    input: withoutUndefined(input, records),
    signal: signal instanceof AbortSignal ? signal : undefined,
  }
}

/** What a method is given beyond its arguments, as by `map`, are no fields. */
function fieldsOf(options: unknown): Record<string, unknown> {
  return typeof options === 'object' ? { ...options } : {}
}

/** Without what was left out of records of ours. Within a value of the user's, undefined is no JSON and refused. */
function withoutUndefined(record: object, records: readonly string[], at = ''): Record<string, unknown> {
  const given = Object.entries(record).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    given.map(([field, value]) => [
      field,
      records.includes(at + field) ? strip(value, records, `${at}${field}.`) : value,
    ]),
  )
}

function strip(value: unknown, records: readonly string[], at: string): unknown {
  if (Array.isArray(value)) return value.map(item => (Array.isArray(item) ? item : strip(item, records, at)))
  return typeof value === 'object' && value !== null ? withoutUndefined(value, records, at) : value
}
