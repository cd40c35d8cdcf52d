import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { assertNoPart } from '../../util/database-files.ts'
import { fileError, systemCode } from '../../util/file-error.ts'
import { makeFolder } from '../../util/make-folder.ts'
import { assertNotLost } from './lost-store.ts'
import { refuseNetworkFs } from './network-fs.ts'
import { assertSoleName } from './sole-name.ts'

/**
 * Makes sure that the file exists and may be used, and returns its real path. A folder that we create is 0700 and
 * a file 0600. An existing file is never opened here: closing it again would drop the locks that SQLite holds.
 */
export function prepareFile(location: string, options: { allowNetworkFs: boolean }): string {
  if (location.includes('\0')) throw new InvalidInput('the path of a store must not hold a NUL character')
  const absolute = path.resolve(location)
  assertNoPart(absolute)
  try {
    makeFolder(path.dirname(absolute))
    if (!options.allowNetworkFs) refuseNetworkFs(path.dirname(absolute))
    assertNotLost(realPathOf(absolute))
    createPrivately(absolute)
    const file = fs.realpathSync(absolute)
    assertSoleName(file)
    return file
  } catch (error) {
    throw fileError(error, absolute)
  }
}

/** The real path of a file, be it that there is none yet. */
export function realPathOf(location: string): string {
  const absolute = path.resolve(location)
  if (fs.existsSync(absolute)) return fs.realpathSync(absolute)
  const folder = path.dirname(absolute)
  return fs.existsSync(folder) ? path.join(fs.realpathSync(folder), path.basename(absolute)) : absolute
}

/** The real path of a file that is there, and is only to be read. */
export function existingFile(location: string, options: { allowNetworkFs: boolean }): string {
  try {
    const file = fs.realpathSync(location)
    if (!options.allowNetworkFs) refuseNetworkFs(path.dirname(file))
    if (!fs.statSync(file).isFile()) throw notAFile(file)
    return file
  } catch (error) {
    throw fileError(error, path.resolve(location))
  }
}

/** A new file in a new private folder, for a store that only this process shall see. */
export function privateFile(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-'))
  return prepareFile(path.join(folder, 'memory.db'), { allowNetworkFs: true })
}

function createPrivately(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'wx', 0o600))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    if (fs.statSync(file).isFile()) return
    throw notAFile(file)
  }
}

function notAFile(file: string): InvalidInput {
  return new InvalidInput(`${file} is a folder, not a database file`, { hint: 'Name a file inside it.' })
}
