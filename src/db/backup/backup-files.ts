import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { assertNoPart, filesBeside } from '../../util/database-files.ts'
import { fileError } from '../../util/file-error.ts'
import { isInUse } from '../sqlite/in-use.ts'
import { isOpenHere } from '../sqlite/open-sqlite.ts'
import { applicationId } from '../sqlite/schema.ts'
import { runInProcess } from '../worker/process.ts'

/**
 * Throws unless `file` may be overwritten with a backup: it is free, or holds an earlier one. A backup is in rollback
 * mode. Opening it as a store puts it into WAL mode for good, from when on it may hold what exists nowhere else.
 */
export async function assertReplaceable(file: string): Promise<void> {
  assertNotOpen(file)
  assertNoPart(file)
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isFile()) throw refused(file, 'is no file')
  if (isInUse(file)) throw refused(file, 'is a store that a process has open, or was one')
  if (stat === undefined || stat.size === 0) return
  const header = await runInProcess({ name: 'identify', file, waitMs: 0 })
  if (header?.applicationId !== applicationId) throw refused(file, 'is not a backup of hivewax')
  if (header.usesLog) throw refused(file, 'is a store, or was opened as one since the backup was made')
}

/**
 * Removes what lies beside `file` of a database that had its name before, which would count for a part of the backup
 * that is about to take its place. Returns the names.
 * @throws as `assertReplaceable` does: much may have happened since it was asked
 */
export async function clearBeside(file: string): Promise<string[]> {
  const beside = filesBeside(file)
  if (beside.length === 0) return []
  await assertReplaceable(file)
  for (const name of beside) fs.rmSync(name, { force: true })
  return beside
}

/** Throws when this process has `file` open: reading it as a file would drop the locks of a store that it is part of. */
export function assertNotOpen(file: string): void {
  if (isOpenHere(file))
    throw refused(file, 'is open in this process, perhaps as a part of a store, or in another thread')
}

/** An empty file that only we know, in a new folder inside `folder`. */
export function privateCopy(folder: string): string {
  try {
    const copy = path.join(fs.mkdtempSync(path.join(folder, '.restore-')), 'copy.db')
    fs.closeSync(fs.openSync(copy, 'wx', 0o600))
    return copy
  } catch (error) {
    throw fileError(error, folder)
  }
}

function refused(file: string, reason: string): InvalidInput {
  return new InvalidInput(`${file} ${reason}`, { hint: 'Nothing was changed. Name another file.' })
}
