import { Busy, errorOf, HivewaxError } from '../../errors.ts'
import { SealedLog } from '../chain.ts'
import { type Mode, meaningOf } from './error-meanings.ts'

/** An error that the server has reported, unlike one of the connection. */
interface ServerError extends Error {
  /** An SQLSTATE. */
  code: string
  severity: string
  /** What the server was about, a line for each statement around it. */
  where?: string
}

function isTold(error: Error): error is ServerError {
  return 'severity' in error && 'code' in error && typeof error.code === 'string'
}

/** Two transactions were in each other's way: run again, one of them comes through. */
export function isCollision(error: unknown): boolean {
  return isOutdated(error) || (error instanceof Busy && error.details?.sqlstate === '40P01')
}

/** A statement has seen what was true no longer when it came to its turn, and says so: run again, it sees what is. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Busy && error.details?.sqlstate === '40001'
}

/** The connection broke, or there was none. */
export function isLost(error: unknown): error is Busy {
  return error instanceof Busy && error.details?.lost === true
}

/** The connection is not to be used again: it broke, or leads to a server that cannot do what was asked. */
export function isUnfit(error: unknown): boolean {
  return isLost(error) || (error instanceof Busy && error.details?.unfit === true)
}

/** No server was there that could do it, and nothing was stored: run again, it may find one. */
export function isRepeatable(error: unknown): boolean {
  return isUnfit(error) && (error as Busy).details?.outcome === 'none'
}

/**
 * The error when the connection broke during a commit: whether it was stored is unknown,
 * and so it is not run again. Other errors pass through.
 */
export function inDoubt(error: unknown): unknown {
  if (!isLost(error)) return error
  return new Busy(
    `the connection broke during a commit, and whether it was stored is unknown: ${error.message}`,
    {
      cause: error,
      details: { ...error.details, outcome: 'unknown' },
      hint: 'Look whether it was stored, or repeat it if that does no harm.',
    },
  )
}

/** The error when none of the store's connections came free while it waited. */
export function noneFree(max: number, ms: number, at: string): Busy {
  return new Busy(`none of the ${max} connections of this process came free within ${ms} ms (${at})`, {
    details: { server: at, outcome: 'none' },
    hint: 'Try again. Look for transactions that stay open for long, or allow more connections: maxConnections.',
  })
}

/** The error when the server has taken the connection and said nothing. */
export function notLetIn(at: string): unknown {
  return translate(new Error('timeout: it let nobody in'), at, 'own')
}

/** Turns an error of the driver or the server into ours. Errors that are ours already pass through. */
export function translate(error: unknown, at: string, mode: Mode): unknown {
  if (error instanceof HivewaxError || !(error instanceof Error)) return error
  const state = stateOf(error)
  const { code, message, hint, connection } = meaningOf(mode, state, error.message)
  const details = {
    ...(state !== undefined && { sqlstate: state }),
    server: at,
    ...(connection !== undefined && { outcome: 'none' }),
    ...(connection === 'broken' && { lost: true }),
    ...(connection === 'unfit' && { unfit: true }),
  }
  const options = { cause: error, details, hint }
  const text = `${message}: ${reason(error)} (${at})`
  return state === 'HW001' ? new SealedLog(text, options) : errorOf(code, text, options)
}

/** The driver's own word that it has no password to send is not an error of the connection. */
function stateOf(error: Error): string | undefined {
  if (error.message.startsWith('SASL')) return '28P01'
  return isTold(error) ? error.code : undefined
}

/**
 * What an error says, with the row and the table at which a statement had to wait. Of several addresses that were
 * tried, the driver tells each failure apart, and nothing for all.
 */
function reason(error: Error): string {
  const [, place] = ('where' in error && /^(while .*)/.exec(String(error.where))) || []
  if (error.message !== '') return place === undefined ? error.message : `${error.message}, ${place}`
  const errors = error instanceof AggregateError ? error.errors : []
  return errors.map(each => (each instanceof Error ? each.message : String(each))).join(', ') || error.name
}
