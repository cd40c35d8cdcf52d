import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { fileError } from '../util/file-error.ts'
import { openSqliteSource } from './sqlite-source.ts'

/** What SQLite keeps beside a database, in the order in which it can go first: what a crash leaves can be completed. */
const parts = ['-shm', '-wal', '-journal', '']

/** True when a file is a database of the old product. */
export function isOldStore(file: string): boolean {
  if (!(fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false)) return false
  const none = { namespace: 'default', vectors: false, expired: false, now: new Date(), maxValueBytes: 0 }
  try {
    const source = openSqliteSource(file, { ...none, changedAt: new Date() })
    source?.close()
    return source !== undefined
  } catch (error) {
    // A store of ours, or a database of another program.
    if (error instanceof InvalidInput) return false
    throw error
  }
}

/** The name under which an old store is kept: `memory.claude-flow.db`, or with a number when that is taken. */
export function oldStoreName(file: string): string {
  const { dir, name, ext } = path.parse(file)
  for (let number = 1; ; number++) {
    const aside = path.join(dir, `${name}.claude-flow${number === 1 ? '' : `-${number}`}${ext}`)
    if (!fs.existsSync(aside)) return aside
  }
}

/** True when a crash ended `renameOldStore` before it was done. */
export function isHalfRenamed(file: string): boolean {
  const aside = oldStoreName(file)
  return fs.existsSync(file) && parts.some(part => fs.existsSync(aside + part))
}

/**
 * Renames an old store, with all that belongs to it, so that a new one can take its place. Done again after a crash
 * it goes on where it stopped.
 * @returns where it is
 */
export function renameOldStore(file: string): string {
  const aside = oldStoreName(file)
  try {
    for (const part of parts) {
      if (fs.existsSync(file + part)) fs.renameSync(file + part, aside + part)
    }
  } catch (error) {
    throw fileError(error, file)
  }
  return aside
}
