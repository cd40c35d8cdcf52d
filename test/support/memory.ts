import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type OpenOptions, openMemory } from '../../src/open.ts'
import { newFolder, remove } from './folders.ts'
import { copySqliteTemplate } from './templates.ts'

/** A folder of the test's own, removed after it, though a process that dies may write into it until then. */
export function scratchFolder(): string {
  const folder = newFolder(os.tmpdir(), 'hivewax-test-')
  onTestFinished(() => remove(folder))
  return folder
}

/** The path of a store that does not exist yet. */
export function scratchFile(name = 'memory.db'): string {
  return path.join(scratchFolder(), name)
}

/** The path of a new, empty store. */
export function emptyFile(): string {
  const file = scratchFile()
  copySqliteTemplate(file)
  return file
}

/**
 * A handle on a new store, or on `file`, closed after the test. Without background work, so that a test sees only
 * what it did itself; pass `background: true` to test that.
 */
export async function openScratch(options: OpenOptions = {}, file = emptyFile()): Promise<Memory> {
  const memory = await openMemory(file, { background: false, ...options })
  onTestFinished(() => memory.close())
  return memory
}
