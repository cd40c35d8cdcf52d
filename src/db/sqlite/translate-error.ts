import { errorOf, HivewaxError, InvalidInput, Storage } from '../../errors.ts'
import type { Mode } from './authorizer.ts'
import { ioError, meaningOf } from './error-meanings.ts'
import { remedy } from './remedy.ts'

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

/**
 * Turns an error of `node:sqlite` into ours, naming the file. Errors that are ours already pass through.
 * @param mode whose statement failed
 */
export function translate(error: unknown, file: string, mode: Mode): unknown {
  if (isNodeRefusal(error))
    return new InvalidInput(`the statement failed: ${error.message}`, { cause: error })
  if (error instanceof HivewaxError || !isSqliteError(error)) return error
  const { code, message, hint } = meaningOf(mode, error.errcode)
  const details = { file, sqlite: error.errcode }
  return errorOf(code, `${message}: ${error.message} (${file})`, {
    cause: error,
    details,
    hint: code === 'corrupt' ? remedy(file) : hint,
  })
}

/** IOERR_READ and IOERR_SHORT_READ: nothing had been written yet. */
const readErrors = [266, 522]

/**
 * The error when the disk failed during a commit, or the files were gone after it: this process sees nothing of it, but
 * what had reached the log may count for the next one that reads it. Other errors pass through.
 */
export function inDoubt(error: unknown): unknown {
  if (!(error instanceof Storage)) return error
  const { code, message, details } = error
  if (code === 'store_gone') {
    return new Storage(
      `whether it was stored is unknown, for ${message}`,
      {
        cause: error,
        details: { ...details, outcome: 'unknown' },
        hint: `Open the store anew, and ${lookForIt}`,
      },
      code,
    )
  }
  const result = Number(details?.sqlite)
  if ((result & 0xff) !== ioError || readErrors.includes(result)) return error
  return new Storage(`whether it was stored is unknown, for during the commit ${message}`, {
    cause: error,
    details: { ...details, outcome: 'unknown' },
    hint: `Once the disk works, ${lookForIt}`,
  })
}

const lookForIt = 'look whether it was stored, or repeat it if that does no harm.'
