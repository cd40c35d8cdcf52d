import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ProgressOptions } from '../db/engine.ts'
import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { fileError, systemCode } from '../util/file-error.ts'

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
    await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    await (await fs.open(temporary, 'wx', 0o600)).close()
    const result = await write(temporary)
    await sync(temporary)
    await fs.rename(temporary, file)
    await syncFolder(folder)
    return result
  } catch (error) {
    throw fileError(error, file)
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) await fs.rm(temporary + suffix, { force: true })
  }
}

/** The SHA-256 of a file that no database has open, in hexadecimal. */
export async function sha256(file: string, onProgress?: ProgressOptions['onProgress']): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  try {
    const { size } = await fs.stat(file)
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk)
      done += chunk.length
      onProgress?.({ step: 'checksum', fraction: done / size })
    }
  } catch (error) {
    throw fileError(error, file)
  }
  return hash.digest('hex')
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
