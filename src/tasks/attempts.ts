import { isDamaged } from '../db/checksums.ts'
import { decodeLoose, encodeJson, isObject, type Json } from '../util/json.ts'
import { serializeError } from '../util/serialize-error.ts'

/** How long a failed task waits before its next attempt: `baseMs`, doubled with each, up to `capMs`. */
export interface Backoff {
  baseMs: number
  capMs: number
}

export interface NewBackoff {
  /** The wait after the first attempt. Default 1,000. */
  baseMs?: number | undefined
  /** The longest wait. Default 100,000, or `baseMs` when that is more. */
  capMs?: number | undefined
}

/** How one attempt at a task ended without success. */
export interface TaskError {
  attempt: number
  /** Who had claimed it. */
  agentId: string | undefined
  error: Json
  at: Date
}

export const defaultBackoff: Backoff = { baseMs: 1_000, capMs: 100_000 }

export const defaultMaxAttempts = 3

/** More attempts than these leave only their number. */
const maxErrors = 20

/** The wait after the nth failed attempt, at random between half and all of it, so that tasks do not come in herds. */
export function retryDelayMs(backoff: Backoff, attempt: number): number {
  const fullMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** (attempt - 1))
  return Math.round(fullMs * (0.5 + Math.random() / 2))
}

/** The backoff in a task's column; null stands for the default. */
export function readBackoff(text: string | null): Backoff {
  const stored = text === null ? null : decodeLoose(text)
  if (!isObject(stored)) return { ...defaultBackoff }
  const { baseMs, capMs } = { ...defaultBackoff, ...stored }
  return { baseMs: Number(baseMs), capMs: Number(capMs) }
}

/** The errors in a task's column, oldest first. */
export function readErrors(text: string | null): TaskError[] {
  const stored = text === null ? [] : decodeLoose(text)
  if (!Array.isArray(stored)) return []
  return stored.filter(isObject).map(({ attempt, agentId, error, at }) => ({
    attempt: Number(attempt),
    agentId: typeof agentId === 'string' ? agentId : undefined,
    error: error ?? null,
    at: new Date(String(at)),
  }))
}

/** The column's text with one error more. Of former ones that are damaged nothing is kept: the task goes on. */
export function addError(
  row: { id: string; errors: string | null; errors_crc?: number | null },
  error: TaskError,
): string {
  const former = isDamaged('tasks', row) ? [] : readErrors(row.errors)
  const errors = [...former, error].slice(-maxErrors)
  return JSON.stringify(errors)
}

/**
 * What a handler threw, or a caller said, as JSON text. An error has some always, with what fits of its message.
 * @throws InvalidInput when something else cannot be kept
 */
export function encodeError(error: unknown, maxBytes: number): string {
  return error instanceof Error
    ? JSON.stringify(serializeError(error))
    : encodeJson('error', error ?? null, maxBytes)
}

/** What a handler threw, if it can be kept; else an error that says what it was. */
export function keepable(error: unknown, maxBytes: number): unknown {
  try {
    encodeError(error, maxBytes)
    return error
  } catch {
    return new Error(serializeError(error).message)
  }
}
