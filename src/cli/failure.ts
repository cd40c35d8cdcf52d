import { errorTable, HivewaxError } from '../errors.ts'
import { visibleStyled } from './print/colour.ts'
import type { Printer } from './print/printer.ts'
import { writeError, writeOut } from './print/standard-streams.ts'
import { toJson } from './print/value.ts'

/** Reports what went wrong, and returns the exit code for it: with `--json` as the one document. */
export function reportFailure(error: unknown, printer: Printer, debug = false): number {
  const { code, message, hint, details } = describeFailure(error)
  if (printer.json) tell(writeOut, toJson({ ok: false, error: { code, message, hint, details } }))
  if (!printer.json) tellPerson(printer, message, hint)
  if (debug) tell(writeError, stackOf(error))
  return error instanceof HivewaxError ? errorTable[error.code].exit : 1
}

function tellPerson({ error: style }: Printer, message: string, hint: string | undefined): void {
  tell(writeError, `${style.red('error:')} ${message}`)
  if (hint !== undefined) tell(writeError, `${style.yellow('hint:')} ${hint}`)
}

/** Where not even that can be written, the exit code is what is left to tell. */
function tell(write: (text: string) => void, text: string): void {
  try {
    write(`${visibleStyled(text)}\n`)
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    if (write === writeOut) tell(writeError, text)
  }
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
