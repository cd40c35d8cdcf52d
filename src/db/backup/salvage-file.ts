import fs from 'node:fs/promises'
import path from 'node:path'
import type { AbortableOptions, Salvaged } from '../engine.ts'
import { offload } from '../worker/offload.ts'
import { runInProcess } from '../worker/process.ts'
import { privateCopy } from './backup-files.ts'

/** Copies what can be read of the damaged file `source`, and of its log, into a new store in the empty file `target`. */
export async function salvageFile(
  source: string,
  target: string,
  options: AbortableOptions,
): Promise<Salvaged> {
  const copy = privateCopy(path.dirname(target))
  const { signal } = options
  try {
    options.onProgress?.({ step: 'copy', fraction: 0 })
    await runInProcess({ name: 'copyDamaged', input: copy, file: source, waitMs: 0 }, { signal })
    const job = { name: 'salvage', input: { target, name: source } } as const
    return await offload({ file: copy, waitMs: 0 }, job, options)
  } finally {
    await fs.rm(path.dirname(copy), { recursive: true, force: true })
  }
}
