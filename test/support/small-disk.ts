import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { systemCode } from '../../src/util/file-error.ts'
import { scratchFolder } from './memory.ts'

/** A folder on a disk of 8 MB of its own; skips the test where none can be mounted. */
export function smallDisk(context: TestContext): string {
  const folder = scratchFolder()
  const mount = ['-t', 'tmpfs', '-o', 'size=8m', 'none', folder]
  const { status, stderr, error } = spawnSync('mount', mount, { encoding: 'utf8' })
  if (status !== 0) context.skip(`a mount is not permitted here: ${error?.message ?? stderr.trim()}`)
  onTestFinished(() => void spawnSync('umount', ['--lazy', folder]))
  return folder
}

/** Leaves no room on the disk of a folder. Returns what gives it back. */
export function fillDisk(folder: string): () => void {
  const filling = path.join(folder, 'filling')
  const handle = fs.openSync(filling, 'w')
  try {
    for (;;) fs.writeSync(handle, Buffer.alloc(4096))
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error
  } finally {
    fs.closeSync(handle)
  }
  return () => fs.rmSync(filling)
}
