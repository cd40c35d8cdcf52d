import { Corrupt } from '../../../errors.ts'
import type { Row } from '../../db.ts'
import { Connection, type ConnectionOptions } from '../../sqlite/connection.ts'
import { remedy } from '../../sqlite/remedy.ts'

/** What a job in the worker gets besides its input. */
export interface JobContext {
  /** The store's file. */
  readonly file: string
  /** How long to wait for a lock, in milliseconds; blocking is fine, the thread is the job's own. */
  readonly waitMs: number
  /** Throws when the files of the store are gone, or are others than those that the process has open. */
  assertInPlace(): void
  /** Reports progress; `fraction` is of the whole job. */
  report(step: string, fraction: number): void
  /** Hands rows to the caller and resolves when it asks for more. */
  send(rows: Row[]): Promise<void>
  /** Runs a transaction in its turn among the writes of the process that asked for the job. */
  write(transaction: () => void): Promise<void>
}

/** Opens `file` for as long as `fn` runs. */
export async function connected<T>(
  file: string,
  options: ConnectionOptions,
  fn: (connection: Connection) => T | Promise<T>,
): Promise<T> {
  const connection = new Connection(file, options)
  try {
    return await fn(connection)
  } finally {
    connection.close()
  }
}

/**
 * How long a job may go on before it lets others at the lock, and how long it then rests, in milliseconds.
 */
const stint = { work: 100, rest: 50 }

/**
 * To be called between transactions: rests now and then, since waiting writers look for the lock only so
 * often.
 */
export function pacer(): () => void {
  let since = performance.now()
  return () => {
    if (performance.now() - since < stint.work) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stint.rest)
    since = performance.now()
  }
}

/** What SQLite finds wrong with a whole file, at most ten findings; none when it is sound. */
export function problems(connection: Connection): string[] {
  const rows = connection.iterate('pragma integrity_check(10)', [])
  const found = [...rows].map(row => String(row.integrity_check))
  return found[0] === 'ok' ? [] : found
}

/** Throws Corrupt, naming `file`, unless every page, row and index of it is sound. */
export function assertSound(connection: Connection, file: string): void {
  const found = problems(connection)
  if (found.length === 0) return
  throw new Corrupt(`${file} is damaged: ${found[0]}`, {
    hint: remedy(file),
    details: { file, problems: found },
  })
}

/** An SQL identifier from a name in the schema. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
