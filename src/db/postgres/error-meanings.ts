import type { ErrorCode } from '../../errors.ts'

/** Whose statement failed. `own`: ours. `query`: a caller's that must only read. `execute`: one that may write. */
export type Mode = 'own' | 'query' | 'execute'

/** What an error of the server means to the caller. */
export interface Meaning {
  readonly code: ErrorCode
  /** What happened; what the server has said follows it. */
  readonly message: string
  readonly hint?: string
  /** Only when what the server has said begins so; what is not looked up by a shorter prefix. */
  readonly when?: RegExp
  /**
   * What becomes of the connection: `broken` may have broken in the middle of what was asked, of which nothing is
   * stored unless it was a commit; `unfit` works, but leads to a server that can do nothing of the kind.
   */
  readonly connection?: 'broken' | 'unfit'
}

type Table = Readonly<Record<string, Meaning>>

const again = 'Try again.'

const unreachable: Meaning = {
  code: 'busy',
  message: 'the server cannot be reached',
  hint: 'Check that it runs and that its address is right; then try again.',
  connection: 'broken',
}

const collision: Meaning = { code: 'busy', message: 'another transaction was in the way', hint: again }

/** What lies between us and the server, or has its hands on its sessions, has dropped what we had prepared there. */
const unprepared: Meaning = {
  code: 'busy',
  message: 'the connection has lost the statements that it had prepared',
  hint: again,
  connection: 'unfit',
}

const damaged: Meaning = {
  code: 'corrupt',
  message: 'the database is damaged',
  hint: 'Look into the log of the server; restore its database from a backup of it.',
}

/** What a caller's statement may not do, or does not say right. */
const failed: Meaning = { code: 'invalid_input', message: 'the statement failed' }
const tooLong: Meaning = {
  code: 'deadline',
  message: 'the statement took too long',
  hint: 'Ask for less at a time, or allow more: alter role NAME set statement_timeout = …',
}

/** By SQLSTATE or its beginning, https://www.postgresql.org/docs/current/errcodes-appendix.html. The longest counts. */
const common: Table = {
  '08': unreachable,
  '08P01': {
    code: 'unsupported',
    message: 'a proxy before the server refuses our settings',
    hint: 'In pgbouncer.ini: ignore_startup_parameters = options.',
    when: /^unsupported startup parameter/,
  },
  '23': { code: 'conflict', message: 'the store refused the record' },
  '25006': {
    code: 'busy',
    message: 'the server only reads at present, as a standby does',
    hint: 'Wait for the end of a fail-over and try again, or name the primary in the URL.',
    connection: 'unfit',
  },
  '25P03': unreachable,
  '25P04': unreachable,
  '28': {
    code: 'unauthorized',
    message: 'the server refused the user or the password',
    hint: 'A password comes in the URL, postgres://USER:PASSWORD@…, in PGPASSWORD, or from ~/.pgpass.',
  },
  '3D000': {
    code: 'invalid_input',
    message: 'there is no such database',
    hint: 'Create it first: createdb NAME.',
  },
  '40001': collision,
  '40P01': collision,
  '42501': { code: 'forbidden', message: 'the user may not do this' },
  '53': { code: 'busy', message: 'the server is short of memory or the like', hint: again },
  '53100': {
    code: 'disk_full',
    message: 'no room left on the server',
    hint: 'Free room on the disk of the server, or move its data to a larger one; then try again.',
  },
  '53300': unreachable,
  '55P03': {
    code: 'busy',
    message: 'another transaction held a lock for longer than busyTimeoutMs',
    hint: 'Try again. When it happens often, look for a transaction that stays open for long.',
  },
  '57014': { code: 'busy', message: 'the statement took too long', hint: again },
  '57P': unreachable,
  '58': { code: 'storage', message: 'the disk or the system of the server failed' },
  // What the triggers of our tables raise.
  HW001: { code: 'conflict', message: 'the event log is sealed' },
  P0001: { code: 'conflict', message: 'the store refused the record' },
  XX: { code: 'storage', message: 'the server failed by itself' },
  XX001: damaged,
  XX002: damaged,
}

/** Of the errors of each mode's statements; what has no line has that of the empty beginning. */
export const sqlstates: Readonly<Record<Mode, Table>> = {
  own: {
    ...common,
    26000: unprepared,
    '42P05': unprepared,
    '': { code: 'storage', message: 'the server refused a statement of ours' },
  },
  query: {
    ...common,
    '': failed,
    '25006': { code: 'invalid_input', message: 'the statement is not allowed' },
    '57014': tooLong,
  },
  execute: { ...common, '': failed, '57014': tooLong },
}

/** What an error with this SQLSTATE means. Those of the driver have none, as when a connection breaks. */
export function meaningOf(mode: Mode, state: string | undefined, said: string): Meaning {
  if (state === undefined) return unreachable
  const prefixes = [state, state.slice(0, 3), state.slice(0, 2), '']
  const found = prefixes
    .map(prefix => sqlstates[mode][prefix])
    .find(meaning => meaning?.when?.test(said) ?? meaning !== undefined)
  return found ?? failed
}
