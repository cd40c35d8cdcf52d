import type { ErrorCode } from '../../errors.ts'
import type { Mode } from './authorizer.ts'

/** What an error of SQLite means to the caller. */
export interface Meaning {
  readonly code: ErrorCode
  /** What happened; what SQLite has said follows it. */
  readonly message: string
  /** Absent as well where it depends on the file. */
  readonly hint?: string
}

type Table = Readonly<Record<number, Meaning>>

const busy: Meaning = { code: 'busy', message: 'the store is locked by another process', hint: 'Try again.' }

const corrupt: Meaning = { code: 'corrupt', message: 'the store is damaged or not a database' }

const denied: Meaning = {
  code: 'storage',
  message: 'the store cannot be opened for writing',
  hint: 'Check who owns the file and its folder: SQLite must write to both.',
}

const outOfMemory: Meaning = { code: 'storage', message: 'out of memory' }

/** SQLITE_IOERR: what the system has said of the disk. SQLite tells a full one apart where it can. */
export const ioError = 10

/** Any other result code, SQLITE_ERROR above all: what SQLite cannot make sense of. */
const otherError = 1

/**
 * By the extended result code, or else the primary one, which is its last byte, https://sqlite.org/rescode.html.
 */
const common: Table = {
  3: denied,
  5: busy,
  6: busy,
  7: outOfMemory,
  8: denied,
  [ioError]: {
    code: 'storage',
    message: 'the disk failed to read or write',
    hint: 'Look at the disk, at its quotas and at what the system says of it; back up what can be read.',
  },
  // IOERR_NOMEM
  3082: outOfMemory,
  11: corrupt,
  13: {
    code: 'disk_full',
    message: 'no room left for the store',
    hint: 'Delete files that nobody needs, at least as large as the log (-wal) of the store; then `hivewax vacuum` gives back what the log takes. Or `hivewax backup` it to another disk, and go on there.',
  },
  14: denied,
  15: busy,
  18: { code: 'too_large', message: 'too large for the store' },
  19: { code: 'conflict', message: 'the store refused the record' },
  23: { code: 'invalid_input', message: 'the statement is not allowed' },
  26: corrupt,
}

const failed: Meaning = { code: 'invalid_input', message: 'the statement failed' }

/** Of statements that read: what they may write is temporary files, and of these not any size (`db/worker/process.ts`). */
const reading: Table = {
  ...common,
  [otherError]: failed,
  // IOERR_WRITE
  778: {
    code: 'too_large',
    message: 'no room for what the statement has to sort',
    hint: 'Ask for less, or have an index do the sorting: look with `explain query plan`.',
  },
}

/** Of the errors of each mode's statements. */
export const resultCodes: Readonly<Record<Mode, Table>> = {
  own: {
    ...common,
    [otherError]: {
      code: 'storage',
      message: 'the store refused a statement of ours',
      hint: 'Unless another program has changed the tables, it is a fault of hivewax: update it, or report this.',
    },
  },
  query: reading,
  guest: reading,
  execute: { ...common, [otherError]: failed },
}

/** What an error with this extended result code means. */
export function meaningOf(mode: Mode, errcode: number): Meaning {
  const table = resultCodes[mode]
  return table[errcode] ?? table[errcode & 0xff] ?? table[otherError] ?? failed
}
