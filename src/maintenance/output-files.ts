import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { namesBeside } from '../util/database-files.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import { makeFolder } from '../util/make-folder.ts'

/** The absolute form of a path from outside. */
export function checkPath(file: unknown): string {
  return path.resolve(checkName('path', file, 4096))
}

/**
 * Writes a file so that `file` is at any moment, even after a power cut, what it was before or the whole new
 * one. `write` fills an empty file beside it that only the owner can read. A missing folder is created, as
 * private.
 */
export async function writeWhole<T>(file: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const folder = path.dirname(file)
  const temporary = path.join(
    folder,
    `.${path.basename(file).slice(0, 100)}.${randomBytes(6).toString('hex')}`,
  )
  try {
    makeFolder(folder)
    await (await fs.open(temporary, 'wx', 0o600)).close()
    const result = await write(temporary)
    await sync(temporary)
    await fs.rename(temporary, file)
    await syncFolder(folder)
    return result
  } catch (error) {
    throw fileError(error, file)
  } finally {
    for (const name of [temporary, ...namesBeside(temporary)]) await fs.rm(name, { force: true })
  }
}

/** The file that holds the checksum of another, in the form of `sha256sum`. */
export function checksumFile(file: string): string {
  return `${file}.sha256`
}

/** The checksum that was written beside a file, or undefined when there is none. */
export async function readChecksum(file: string): Promise<string | undefined> {
  const beside = checksumFile(file)
  try {
    const [digest] = /^[0-9a-f]{64}\b/.exec(await fs.readFile(beside, 'utf8')) ?? []
    if (digest !== undefined) return digest
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, beside)
  }
  throw new InvalidInput(`${beside} is no checksum`, { hint: 'It is in the way: move it elsewhere.' })
}

async function sync(file: string): Promise<void> {
  await using handle = await fs.open(file, 'r+')
  await handle.sync()
}

/** A rename is only safe once its folder is. Windows has no such call, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  await using handle = await fs.open(folder, 'r')
  await handle.sync()
}
