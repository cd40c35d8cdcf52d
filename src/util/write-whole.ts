import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { namesBeside } from './database-files.ts'
import { fileError } from './file-error.ts'
import { makeFolder } from './make-folder.ts'

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
