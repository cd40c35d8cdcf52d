import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { fileError } from '../../util/file-error.ts'
import { isOpenHere } from '../sqlite/open-sqlite.ts'
import { offload } from '../worker/offload.ts'

/** Throws unless `file` may be overwritten with a backup: it is free, or holds an earlier one. */
export async function assertReplaceable(file: string): Promise<void> {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return
  assertNotOpen(file)
  if (!stat.isFile()) throw refused(file, 'is no file')
  const kind = stat.size === 0 ? 'backup' : await offload({ file, waitMs: 0 }, 'identify', file)
  if (kind === 'store') throw refused(file, 'is a store, or was opened as one since the backup was made')
  if (kind === 'foreign') throw refused(file, 'is not a backup of hivewax')
}

/** Throws when this process has `file` open as a store: reading it as a file would drop its locks. */
export function assertNotOpen(file: string): void {
  if (isOpenHere(file)) throw refused(file, 'belongs to a store that this process has open')
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
