import type { Specification } from './linearizability.ts'

/** A versioned value as both kinds of store show it; null: there is none. */
export type Versioned = { value: string; version: number } | null

export type RegisterCall =
  /** The value with its version, or (`peek`) the value alone, which a cache may have answered. */
  | { do: 'get' | 'peek' }
  | { do: 'set'; value: string }
  /** Sets, or deletes, what has the `expected` version; 0: what does not exist. */
  | { do: 'compare-and-set'; value: string; expected: number }
  | { do: 'delete' }
  | { do: 'compare-and-delete'; expected: number }

export type RegisterOutcome =
  | { found: Versioned }
  | { peeked: string | null }
  | { version: number }
  | { deleted: boolean }
  /** Compared with another version: with this one, where the call tells it as of the same moment. */
  | { conflict: Versioned | 'unknown' }

export interface RegisterState {
  value: string | null
  /** The last version, null before the first. Kept when the value is deleted: none is used twice. */
  version: number | null
}

export type Kind = 'shared' | 'kv'

/**
 * One key. The versions of shared state rise by exactly 1, deletes included; the revisions of key-value
 * memory by 1 with each store, and to any higher number when the key was absent before.
 */
export function registerOf(kind: Kind): Specification<RegisterState, RegisterCall, RegisterOutcome> {
  return { initial: { value: null, version: null }, step: (state, ...call) => step(kind, state, ...call) }
}

function step(
  kind: Kind,
  state: RegisterState,
  call: RegisterCall,
  outcome: RegisterOutcome,
): RegisterState | undefined {
  const actual = state.value === null ? 0 : (state.version ?? 0)
  if ('found' in outcome) return shows(state, outcome.found) ? state : undefined
  if ('peeked' in outcome) return outcome.peeked === state.value ? state : undefined
  if ('conflict' in outcome) {
    const isRight = outcome.conflict === 'unknown' || shows(state, outcome.conflict)
    return 'expected' in call && call.expected !== actual && isRight ? state : undefined
  }
  if ('expected' in call && call.expected !== actual) return undefined
  if ('version' in outcome) return set(kind, state, call, outcome.version)
  if (outcome.deleted !== (state.value !== null)) return undefined
  if (!outcome.deleted) return state
  return { value: null, version: (state.version ?? 0) + (kind === 'shared' ? 1 : 0) }
}

function shows({ value, version }: RegisterState, found: Versioned): boolean {
  if (found === null) return value === null
  return found.value === value && found.version === version
}

function set(
  kind: Kind,
  state: RegisterState,
  call: RegisterCall,
  version: number,
): RegisterState | undefined {
  const isFree = state.version === null || (kind === 'kv' && state.value === null)
  const isNext = isFree ? version > (state.version ?? 0) : version === (state.version ?? 0) + 1
  return isNext && 'value' in call ? { value: call.value, version } : undefined
}
