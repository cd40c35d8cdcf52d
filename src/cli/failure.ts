import { errorTable, HivewaxError } from '../errors.ts'
import type { Printer } from './print/printer.ts'
import { writeError, writeOut } from './print/standard-streams.ts'
import { toJson } from './print/value.ts'

/** Reports what went wrong, and returns the exit code for it: with `--json` as the one document. */
export function reportFailure(error: unknown, printer: Printer, debug = false): number {
  const { code, message, hint, details } = describeFailure(error)
  if (printer.json) writeOut(`${toJson({ ok: false, error: { code, message, hint, details } })}\n`)
  else {
    writeError(`${printer.error.red('error:')} ${message}\n`)
    if (hint !== undefined) writeError(`${printer.error.yellow('hint:')} ${hint}\n`)
  }
  if (debug) writeError(`${stackOf(error)}\n`)
  return error instanceof HivewaxError ? errorTable[error.code].exit : 1
}

interface Failure {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
}

function describeFailure(error: unknown): Failure {
  if (error instanceof HivewaxError) return error.toJSON()
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'internal',
    message,
    hint: 'This should not happen. Run it again with --debug and report the stack.',
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
