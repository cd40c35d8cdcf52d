import fs from 'node:fs/promises'
import { logOf } from '../../../util/database-files.ts'
import { fileError, systemCode } from '../../../util/file-error.ts'
import type { JobContext } from './job.ts'

/** How often it is begun anew at most, because others go on writing. */
const maxAttempts = 5

/** How much of a log tells that it was begun anew. */
const logHeaderBytes = 32

/**
 * Copies a database as it is, with its log, to the private name `target`. Only for a process of its own, since it opens the
 * files.
 */
export async function copyDamaged(target: string, { file }: JobContext): Promise<undefined> {
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await beginOf(logOf(file))
      await copyAll(file, target)
      // A log that was begun anew meanwhile is not the one which the copied file needs.
      if (attempt === maxAttempts || before.equals(await beginOf(logOf(file)))) return undefined
    }
  } catch (error) {
    throw fileError(error, file)
  }
}

/** The log last: it holds what is not in the file by then. */
async function copyAll(file: string, target: string): Promise<void> {
  for (const [name, place] of [
    [file, target],
    [logOf(file), logOf(target)],
  ] as const) {
    await fs.rm(place, { force: true })
    await fs.copyFile(name, place).catch(error => {
      if (systemCode(error) !== 'ENOENT') throw error
    })
  }
}

async function beginOf(log: string): Promise<Buffer> {
  try {
    await using handle = await fs.open(log, 'r')
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(logHeaderBytes), 0, logHeaderBytes, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
