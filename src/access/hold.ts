import type { Operation } from '../operation.ts'

/**
 * How long callers hold what they take that have neither a loop which renews it nor a connection which shows that they
 * live, in milliseconds: a model that thinks, or a person, gives no heartbeat meanwhile.
 */
export const looplessHoldMs = 30 * 60_000

/** The input with how long the caller holds what it takes, where the call gives something to hold and does not say it. */
export function withHold(operation: Operation, input: unknown, holdMs: number | undefined): unknown {
  const { lease } = operation
  if (lease === undefined || holdMs === undefined) return input
  const given = input as Readonly<Record<string, unknown>>
  return given[lease] === undefined ? { ...given, [lease]: holdMs } : input
}
