import type { Operation } from '../operation.ts'

/** The input of an operation from the arguments of its method, and the signal among them. */
export function toInput(
  { arguments: places, renamed }: Pick<Operation, 'arguments' | 'renamed'>,
  args: readonly unknown[],
): { input: Record<string, unknown>; signal: AbortSignal | undefined } {
  // Both stay with the caller: the server has its own ways to end a call.
  const { signal, onProgress, ...others } = fieldsOf(args[places.length])
  const input = Object.fromEntries([
    ...places.map((field, i) => [field, args[i]]),
    ...Object.entries(others).map(([name, value]) => [renamed[name] ?? name, value]),
  ])
  return { input, signal: signal instanceof AbortSignal ? signal : undefined }
}

/** What a method is given beyond its arguments, as by `map`, are no fields. */
function fieldsOf(options: unknown): Record<string, unknown> {
  return typeof options === 'object' ? { ...options } : {}
}
