import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InvalidInput, Unsupported } from '../../errors.ts'
import { fileError, systemCode } from '../../util/file-error.ts'
import { makeFolder } from '../../util/make-folder.ts'
import { assertNotLost } from './lost-store.ts'
import { assertSoleName } from './sole-name.ts'

/** Types of statfs(2) of file systems on which WAL's shared memory is not shared: linux/magic.h. */
const networkFs = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
])

/**
 * Makes sure that the file exists and may be used, and returns its real path. A folder that we create is 0700 and
 * a file 0600. An existing file is never opened here: closing it again would drop the locks that SQLite holds.
 */
export function prepareFile(location: string, options: { allowNetworkFs: boolean }): string {
  if (location.includes('\0')) throw new InvalidInput('the path of a store must not hold a NUL character')
  const absolute = path.resolve(location)
  try {
    makeFolder(path.dirname(absolute))
    if (!options.allowNetworkFs) refuseNetworkFs(path.dirname(absolute))
    assertNotLost(fs.existsSync(absolute) ? fs.realpathSync(absolute) : absolute)
    createPrivately(absolute)
    const file = fs.realpathSync(absolute)
    assertSoleName(file)
    return file
  } catch (error) {
    throw fileError(error, absolute)
  }
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

/** The kind of network file system that a folder is on, or undefined for a local one. */
export function networkFsOf(folder: string): string | undefined {
  return networkFs.get(fs.statfsSync(folder).type)
}

function refuseNetworkFs(folder: string): void {
  const name = networkFsOf(folder)
  if (name === undefined) return
  throw new Unsupported(`${folder} is on a network file system (${name}), where SQLite loses writes`, {
    hint: 'Use a local disk, or pass allowNetworkFs when only one machine will ever open it.',
  })
}
