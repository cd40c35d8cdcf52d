import fs from 'node:fs/promises'
import type { ProgressOptions } from '../db/engine.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import { checkPath, checksumFile, readChecksum } from './output-files.ts'
import type { Upkeep } from './upkeep-context.ts'

export type RestoreOptions = ProgressOptions

export interface RestoreResult {
  path: string
  /** Rows per table; what hivewax keeps for itself is left out. */
  tables: Record<string, number>
  /** The id of the `memory.restored` event: larger than that of any event before it. */
  eventId: number
  durationMs: number
}

/**
 * Makes the store what a backup holds, in one transaction: other processes see the restored data or nothing
 * of it. The file is checked first, so a damaged, foreign or newer one changes nothing. What was stored since
 * the backup is gone, but none of its event ids, revisions, versions, tokens and ballots will be issued
 * again; leases that were held have ended, and watchers of shared state are refused, as their cursor is too
 * old.
 */
export async function restore(
  { engine }: Upkeep,
  from: string,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const started = performance.now()
  const file = checkPath(from)
  await assertFile(file)
  engine.assertNotOpen(file)
  engine.assertNotOpen(checksumFile(file))
  const { tables, eventId } = await engine.replaceWith(file, {
    ...options,
    sha256: await readChecksum(file),
  })
  const records = Object.entries(tables).filter(([name]) => !name.startsWith('hivewax_'))
  return { path: file, tables: Object.fromEntries(records), eventId, durationMs: performance.now() - started }
}

async function assertFile(file: string): Promise<void> {
  try {
    if ((await fs.stat(file)).isFile()) return
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new NotFound(`there is no file ${file}`, { details: { file } })
    throw fileError(error, file)
  }
  throw new InvalidInput(`${file} is no file`, { hint: 'Name a file that `hivewax backup` wrote.' })
}
