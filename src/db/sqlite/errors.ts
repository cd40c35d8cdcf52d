import { Busy, Conflict, Corrupt, DiskFull, HivewaxError, InvalidInput, Storage } from '../../errors.ts'
import type { Mode } from './guard.ts'

interface SqliteError extends Error {
  /** SQLite's extended result code. */
  errcode: number
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

/** node:sqlite's own: no statement in the text, or a number beyond what JavaScript or SQLite can hold. */
function isNodeRefusal(error: unknown): error is Error {
  const codes: unknown[] = ['ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE']
  return error instanceof Error && 'code' in error && codes.includes(error.code)
}

/** Result codes, https://sqlite.org/rescode.html. */
const code = {
  busy: 5,
  locked: 6,
  nomem: 7,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  protocol: 15,
  toobig: 18,
  constraint: 19,
  auth: 23,
  notadb: 26,
}
/** IOERR_WRITE with the file-size limit of the process reached: to the caller this is a full disk. */
const ioerrWrite = 778

function primary(error: SqliteError): number {
  return error.errcode & 0xff
}

/**
 * Turns an error of `node:sqlite` into ours, naming the file. Errors that are ours already pass through.
 * @param mode whose statement failed: what SQLite does not understand in ours, the tables cannot be as they should
 */
export function translate(error: unknown, file: string, mode: Mode): unknown {
  if (isNodeRefusal(error))
    return new InvalidInput(`the statement failed: ${error.message}`, { cause: error })
  if (error instanceof HivewaxError || !isSqliteError(error)) return error
  const at = `${error.message} (${file})`
  const cause = { cause: error, details: { file, sqlite: error.errcode } }
  switch (primary(error)) {
    case code.busy:
    case code.locked:
    case code.protocol:
      return new Busy(`the store is locked by another process: ${at}`, { ...cause, hint: 'Try again.' })
    case code.full:
      return diskFull(at, cause)
    case code.ioerr:
      return error.errcode === ioerrWrite ? diskFull(at, cause) : new Storage(`the disk failed: ${at}`, cause)
    case code.corrupt:
    case code.notadb:
      return corrupt(at, cause)
    case code.readonly:
    case code.cantopen:
      return denied(at, cause)
    case code.constraint:
      return new Conflict(`the store refused the record: ${at}`, cause)
    case code.auth:
      return new InvalidInput(`the statement is not allowed: ${at}`, cause)
    case code.toobig:
      return new InvalidInput(`too large for the store: ${at}`, cause, 'too_large')
    case code.nomem:
      return new Storage(`out of memory: ${at}`, cause)
    default:
      return mode === 'own' ? corrupt(at, cause) : new InvalidInput(`the statement failed: ${at}`, cause)
  }
}

type Cause = { cause: Error; details: { file: string; sqlite: number } }

function diskFull(at: string, cause: Cause): DiskFull {
  return new DiskFull(`no room left for the store: ${at}`, {
    ...cause,
    hint: 'Free some space, then try again.',
  })
}

function corrupt(at: string, cause: Cause): Corrupt {
  return new Corrupt(`the store is damaged or not a database: ${at}`, {
    ...cause,
    hint: 'Run `hivewax doctor`; restore the latest backup with `hivewax restore FILE`.',
  })
}

function denied(at: string, cause: Cause): Storage {
  return new Storage(`the store cannot be opened for writing: ${at}`, {
    ...cause,
    hint: 'Check who owns the file and its folder: SQLite must write to both.',
  })
}
