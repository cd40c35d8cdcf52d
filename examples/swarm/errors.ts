import { HivewaxError } from '../../src/index.ts'

/** A failure that was foreseen: its message says all that there is to say. */
export class SwarmError extends Error {}

/** The command line asks for something that cannot be. */
export class WrongUsage extends SwarmError {}

/** An error in words for people, and with its stack where it is a mistake of the program. */
export function explain(error: unknown): string {
  if (error instanceof HivewaxError) return [error.message, error.hint].filter(Boolean).join('\n')
  if (error instanceof SwarmError || isSystemError(error)) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Of the operating system: no space, no permission and the like. */
export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
