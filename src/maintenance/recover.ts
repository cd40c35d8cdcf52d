import fs from 'node:fs'
import { type AbortableOptions, portion, type Salvaged, type StoreFacts } from '../db/engine.ts'
import { NotFound, Unsupported } from '../errors.ts'
import { hasLog } from '../util/database-files.ts'
import { writeWhole } from '../util/write-whole.ts'
import { checkPath } from './output-files.ts'
import type { Upkeep } from './upkeep-context.ts'

export interface RecoverOptions extends AbortableOptions {
  /** The damaged file, or the name of one of which the log alone is left. Default: the file of this store. */
  from?: string | undefined
}

export interface RecoverResult extends Salvaged {
  path: string
  recovered: number
  lost: number
  damaged: number
  /** Files of an older database of that name, such as its log, that lay beside and were removed; absent when none did. */
  removed?: string[]
}

/**
 * Copies what can still be read of a damaged file and its log, row by row, into a new store at `to`. The damaged file is
 * only read. Numbers go on far above those that were found, since larger ones may be among what is lost.
 */
export async function recover(
  upkeep: Upkeep,
  to: string,
  options: RecoverOptions = {},
): Promise<RecoverResult> {
  const { engine } = upkeep
  const file = checkPath(to)
  const damaged = options.from === undefined ? fileOf(await engine.facts()) : checkPath(options.from)
  if (!isFile(damaged) && !hasLog(damaged)) throw new NotFound(`there is no file ${damaged}`)
  await engine.assertReplaceable(file)
  const onProgress = portion(options.onProgress, 0, 1)
  const { tables, removed } = await writeWhole(file, async name => {
    const salvaged = await engine.salvage(damaged, name, { ...options, onProgress })
    return { ...salvaged, removed: await engine.clearBeside(file) }
  })
  const sum = (field: 'recovered' | 'lost' | 'damaged') =>
    Object.values(tables).reduce((total, table) => total + table[field], 0)
  return {
    path: file,
    tables,
    recovered: sum('recovered'),
    lost: sum('lost'),
    damaged: sum('damaged'),
    ...(removed.length > 0 && { removed }),
  }
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}

function fileOf({ engine, location }: StoreFacts): string {
  if (engine.name === 'SQLite') return location
  throw new Unsupported(`recover reads a damaged SQLite file, and this store is in ${engine.name}`, {
    hint: 'Name the file with --from; or restore a backup with `hivewax restore FILE`.',
  })
}
