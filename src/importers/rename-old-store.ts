import fs from 'node:fs'
import path from 'node:path'
import { isSameFile } from '../db/sqlite/file-id.ts'
import { InvalidInput } from '../errors.ts'
import { filesBeside, namesBeside } from '../util/database-files.ts'
import { fileError } from '../util/file-error.ts'
import { openSqliteSource } from './old-database.ts'

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

/**
 * The name under which an old store is kept: `memory.claude-flow.db`, or with a number when a database is of that name,
 * or something is left of one.
 */
export function oldStoreName(file: string): string {
  const { dir, name, ext } = path.parse(file)
  for (let number = 1; ; number++) {
    const aside = path.join(dir, `${name}.claude-flow${number === 1 ? '' : `-${number}`}${ext}`)
    if (isSameFile(file, aside) || !(fs.existsSync(aside) || filesBeside(aside).length > 0)) return aside
  }
}

/** True when a crash ended `renameOldStore` before it was done. */
export function isHalfRenamed(file: string): boolean {
  return isSameFile(file, oldStoreName(file))
}

/**
 * Renames an old store, with all that belongs to it, so that a new one can take its place. The file has both names until
 * the rest has moved, so that it goes on where a crash has stopped it.
 * @returns where it is
 */
export function renameOldStore(file: string): string {
  const aside = oldStoreName(file)
  const places = namesBeside(aside)
  try {
    if (!fs.existsSync(aside)) fs.linkSync(file, aside)
    for (const [i, name] of namesBeside(file).entries()) {
      if (fs.existsSync(name)) fs.renameSync(name, places[i] ?? aside)
    }
    fs.rmSync(file)
  } catch (error) {
    throw fileError(error, file)
  }
  return aside
}
