import fs from 'node:fs/promises'
import path from 'node:path'
import { type AbortableOptions, portion } from '../db/engine.ts'
import { sha256 } from '../db/sha256.ts'
import { Conflict, DiskFull } from '../errors.ts'
import { writeWhole } from '../util/write-whole.ts'
import { checkPath, checksumFile, readChecksum } from './output-files.ts'
import { markDone, type Upkeep } from './upkeep-context.ts'

export interface BackupOptions extends AbortableOptions {
  /** Replace an earlier backup of the same name. Default true; false makes it a Conflict. */
  overwrite?: boolean | undefined
}

export interface BackupResult {
  path: string
  bytes: number
  /** Of the file, in hexadecimal; also in `PATH.sha256`, for `sha256sum --check`. */
  sha256: string
  /** Files of an older database of that name, such as its log, that lay beside and were removed; absent when none did. */
  removed?: string[]
  durationMs: number
}

/**
 * Copies the store, as it is at one moment after the call, into one file: consistent while others write,
 * checked page by page, then moved into place. A file that is not a backup of ours is never overwritten.
 */
export async function backup(upkeep: Upkeep, to: string, options: BackupOptions = {}): Promise<BackupResult> {
  const started = performance.now()
  const { engine, context } = upkeep
  const { onProgress, signal, overwrite = true } = options
  const file = checkPath(to)
  await engine.assertReplaceable(file)
  engine.assertNotOpen(checksumFile(file))
  // Throws when that name holds something else, which would be lost.
  await readChecksum(file)
  if (!overwrite && (await exists(file))) throw taken(file)
  const made = await writeWhole(file, async temporary => {
    await engine.copyTo(temporary, { signal, onProgress: portion(onProgress, 0, 0.9) })
    const digest = await sha256(temporary, portion(onProgress, 0.9, 1))
    // Should the process die before the next line of business is done, no checksum is better than a wrong
    // one.
    await fs.rm(checksumFile(file), { force: true })
    const removed = await engine.clearBeside(file)
    return {
      bytes: (await fs.stat(temporary)).size,
      sha256: digest,
      ...(removed.length > 0 && { removed }),
    }
  })
  await writeWhole(checksumFile(file), name => fs.writeFile(name, `${made.sha256}  ${path.basename(file)}\n`))
  if (context.storeDb !== undefined) await noteIfRoom(() => markDone(context, 'backup'))
  return { path: file, ...made, durationMs: performance.now() - started }
}

/** On a full disk a backup to another one is what helps: that the store cannot note it is no reason for it to fail. */
async function noteIfRoom(note: () => Promise<void>): Promise<void> {
  try {
    await note()
  } catch (error) {
    if (!(error instanceof DiskFull)) throw error
  }
}

async function exists(file: string): Promise<boolean> {
  return (await fs.stat(file).catch(() => undefined)) !== undefined
}

function taken(file: string): Conflict {
  return new Conflict(`${file} exists`, { hint: 'Choose another name, or leave out `overwrite: false`.' })
}
