import {
  Busy,
  Conflict,
  Corrupt,
  Deadline,
  DiskFull,
  HivewaxError,
  InvalidInput,
  Storage,
  Unauthorized,
  Unsupported,
} from '../../errors.ts'
import { SealedLog } from '../chain.ts'

/** Whose statement failed: what PostgreSQL does not understand in ours, the tables cannot be as they should. */
export type Mode = 'own' | 'foreign'

/** An error that the server has told, unlike one of the connection. */
interface ServerError extends Error {
  /** An SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html. */
  code: string
  severity: string
}

function isTold(error: Error): error is ServerError {
  return 'severity' in error && 'code' in error && typeof error.code === 'string'
}

/** Two transactions were in each other's way: run again, one of them comes through. */
export function isCollision(error: unknown): boolean {
  return error instanceof Busy && error.details?.sqlstate !== undefined && error.details.lost !== true
}

/** A statement has seen what was true no longer when it came to its turn, and says so: run again, it sees what is. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Busy && error.details?.sqlstate === '40001'
}

/** The connection broke, or there was none. */
export function isLost(error: unknown): error is Busy {
  return error instanceof Busy && error.details?.lost === true
}

/** The connection broke, or there was none, and nothing was stored: run again, it may find the server back. */
export function isBroken(error: unknown): boolean {
  return isLost(error) && error.details?.outcome === 'none'
}

/**
 * What a caller hears when the connection broke while something was being committed: nobody knows whether it was,
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

/** Turns an error of the driver or the server into ours. Errors that are ours already pass through. */
export function translate(error: unknown, at: string, mode: Mode): unknown {
  if (error instanceof HivewaxError || !(error instanceof Error)) return error
  if (error.message.startsWith('SASL')) return unauthorized(error, at)
  if (!isTold(error)) return lost(error, at)
  const details = { sqlstate: error.code, server: at }
  const cause = { cause: error, details }
  const message = `${error.message} (${at})`
  switch (error.code) {
    case '40001':
    case '40P01':
    case '55P03':
      return new Busy(`another transaction was in the way: ${message}`, { ...cause, hint: 'Try again.' })
    case '57014':
      return mode === 'own'
        ? new Busy(`the statement took too long: ${message}`, { ...cause, hint: 'Try again.' })
        : new Deadline(`the statement took too long: ${message}`, {
            ...cause,
            hint: 'Ask for less at a time, or allow more: alter role NAME set statement_timeout = …',
          })
    case '53100':
      return new DiskFull(`no room left on the server: ${message}`, cause)
    case '28P01':
    case '28000':
      return unauthorized(error, at)
    case '3D000':
      return new InvalidInput(`there is no such database: ${message}`, {
        ...cause,
        hint: 'Create it first: createdb NAME.',
      })
    case '42501':
      return new Unauthorized(`the user may not do this: ${message}`, cause, 'forbidden')
    case 'HW001':
      return new SealedLog(`the event log is sealed: ${message}`, cause)
    case '08P01':
      if (!error.message.startsWith('unsupported startup parameter')) break
      return new Unsupported(`a proxy before the server refuses our settings: ${message}`, {
        ...cause,
        hint: 'In pgbouncer.ini: ignore_startup_parameters = options.',
      })
    case '25006':
      return new InvalidInput(`the statement is not allowed: ${message}`, cause)
  }
  if (error.code.startsWith('23') || error.code === 'P0001')
    return new Conflict(`the store refused the record: ${message}`, cause)
  if (/^(08|57P|53)/.test(error.code)) return lost(error, at)
  if (error.code.startsWith('XX')) return new Corrupt(`the server is damaged: ${message}`, cause)
  return mode === 'own'
    ? new Storage(`the server did not understand a statement of ours: ${message}`, cause)
    : new InvalidInput(`the statement failed: ${message}`, cause)
}

function unauthorized(cause: Error, at: string): Unauthorized {
  return new Unauthorized(`the server refused the user or the password: ${cause.message} (${at})`, {
    cause,
    details: { server: at },
    hint: 'A password comes in the URL, postgres://USER:PASSWORD@…, in PGPASSWORD, or from ~/.pgpass.',
  })
}

/** Of what was sent before, nothing is stored unless it was a commit: see `inDoubt`. */
function lost(error: Error, at: string): Busy {
  return new Busy(`the server cannot be reached: ${reason(error)} (${at})`, {
    cause: error,
    details: { server: at, lost: true, outcome: 'none' },
    hint: 'Check that it runs and that its address is right; then try again.',
  })
}

/** Of several addresses that were tried, the driver tells each failure apart, and nothing for all. */
function reason(error: Error): string {
  if (error.message !== '') return error.message
  const errors = error instanceof AggregateError ? error.errors : []
  return errors.map(each => (each instanceof Error ? each.message : String(each))).join(', ') || error.name
}
