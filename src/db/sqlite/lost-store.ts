import fs from 'node:fs'
import { Corrupt, InvalidInput } from '../../errors.ts'
import { hasLog, journalOf, logOf } from '../../util/database-files.ts'
import { runInProcess } from '../worker/process.ts'
import { isBeingWritten, isInUse } from './in-use.ts'
import { remedy } from './remedy.ts'

/** How long the creation of a store takes at most, in milliseconds, though it be ended and begun anew. */
const creationMs = 60_000

/** How long it takes at most to copy a log, in milliseconds. */
const copyMs = 2_000

/**
 * Throws when a store was at `file` and its data are gone: SQLite would take an empty file for a new database, and delete
 * the log beside it.
 */
export function assertNotLost(file: string): void {
  // The log first: where a store is being created, its file is written before the log is.
  const isLogLeft = hasLog(file)
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false })
  if (stat !== undefined && stat.size > 0n) return
  if (isLogLeft) throw lostStore(file, `${stat === undefined ? 'gone' : 'empty'}, and only its log is left`)
  if (stat !== undefined && wasEmptied(stat))
    throw lostStore(file, 'empty, and it was not when it was written last')
}

/** Our own creation may have been cut off. What was written long after, or brought from elsewhere, is not that. */
function wasEmptied({ mtimeMs, birthtimeMs }: fs.BigIntStats): boolean {
  const apart = mtimeMs - birthtimeMs
  // Some file systems do not tell when a file was made.
  return birthtimeMs > 0n && (apart > creationMs || apart < -creationMs)
}

/**
 * Looks at the journal beside `file`, which a crash of a program has left that wrote in rollback mode. Throws when it was of
 * another database, whose place the file has taken: SQLite would write into the file what that held before.
 */
export async function assertOwnJournal(file: string): Promise<void> {
  const left = leftJournal(file)
  if (left === undefined || (await runInProcess({ name: 'matchJournal', file, waitMs: 0 }))) return
  // Another one, or none: a process has begun a transaction meanwhile, which creates a store, say, and it was copied in part.
  if (leftJournal(file) === left) throw notOf(file, journalOf(file))
}

/** What tells the states of a journal apart that a crash has left: while a transaction runs, the database is locked. */
function leftJournal(file: string): string | undefined {
  const stat = fs.statSync(journalOf(file), { throwIfNoEntry: false })
  if (stat === undefined || stat.size === 0 || isInUse(file) || isBeingWritten(file)) return
  return [stat.ino, stat.size, stat.mtimeMs].join()
}

/**
 * Looks at the log that a crash has left beside `file`. Throws when it was written for another database, whose place the
 * file has taken, for SQLite would mix both: a database in rollback mode, such as a backup, has no log, and another one is
 * damaged by it. And when the log is damaged before its end: SQLite would drop all that was stored behind the damage.
 */
export async function assertSoundLog(file: string): Promise<void> {
  if (!hasLog(file) || isInUse(file)) return
  const input = { isDoubtful: isDoubtful(file) }
  const { isForeign, lost } = await runInProcess({ name: 'inspectLog', input, file, waitMs: 0 })
  if (isForeign) throw foreignLog(file)
  if (lost > 0) throw damagedLog(file, lost)
}

function isDoubtful(file: string): boolean {
  const [store, log] = [file, logOf(file)].map(name => fs.statSync(name, { throwIfNoEntry: false }))
  return store !== undefined && log !== undefined && mayBeOfAnother(log, store)
}

/**
 * Whether a log may be that of another file than the one beside it: since the file was changed after it, which is also what
 * a merge does; or since the log was not written for long in this place, and may have been copied to it.
 */
export function mayBeOfAnother(
  { mtimeMs, birthtimeMs }: Pick<fs.Stats, 'mtimeMs' | 'birthtimeMs'>,
  store: Pick<fs.Stats, 'ctimeMs'>,
): boolean {
  return store.ctimeMs >= mtimeMs || mtimeMs - birthtimeMs < copyMs
}

/** The error of a file beside which another one's log lies. */
export function foreignLog(file: string): InvalidInput {
  return notOf(file, logOf(file))
}

function notOf(file: string, beside: string): InvalidInput {
  return new InvalidInput(
    `${beside} is not of ${file}, but of a database that was there before, or of another state of it`,
    {
      hint: `Nothing was changed. Once no process has ${beside} open, move it elsewhere: then ${file} counts alone.`,
    },
  )
}

function damagedLog(file: string, transactions: number): Corrupt {
  return new Corrupt(
    `the log of ${file} is damaged: ${transactions} transactions that were stored lie behind the damage`,
    { hint: `Nothing was changed. ${remedy(file)}`, details: { file, transactions } },
  )
}

function lostStore(file: string, how: string): Corrupt {
  return new Corrupt(`${file} is ${how}`, {
    hint: `Nothing was changed. ${remedy(file)} To begin anew, move them elsewhere only.`,
    details: { file },
  })
}
