import fs from 'node:fs'
import { InvalidInput } from '../errors.ts'

/**
 * What SQLite keeps beside a database, https://sqlite.org/tempfiles.html: the index of its log, the log of what was
 * written and is not in it yet, and what a transaction that has not ended has overwritten. Without its log a database
 * is an older one, and with the log of another it is none.
 */
const suffixes = ['-shm', '-wal', '-journal']

/** The names of what may lie beside a database, in the order in which they can go before it. */
export function namesBeside(file: string): string[] {
  return suffixes.map(suffix => file + suffix)
}

/** Those that exist. */
export function filesBeside(file: string): string[] {
  return namesBeside(file).filter(name => fs.existsSync(name))
}

/** The log of a database, https://sqlite.org/fileformat2.html#walformat */
export function logOf(file: string): string {
  return `${file}-wal`
}

/** What undoes a transaction that a crash has cut off, of a database in rollback mode. */
export function journalOf(file: string): string {
  return `${file}-journal`
}

/** Throws for the name of a part of a database that is there: SQLite would take the file for that part, and overwrite it. */
export function assertNoPart(file: string): void {
  const suffix = suffixes.find(each => file.endsWith(each))
  const whole = suffix && file.slice(0, -suffix.length)
  if (!whole || !fs.existsSync(whole)) return
  throw new InvalidInput(`${file} would be taken by SQLite for a part of ${whole}, and overwritten`, {
    hint: 'Name another file.',
  })
}

/** True when something was written to the log since it was last emptied. Looks at its size only. */
export function hasLog(file: string): boolean {
  return (fs.statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0) > 0
}
