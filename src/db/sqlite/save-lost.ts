import { Busy, errorOf, HivewaxError } from '../../errors.ts'
import { writeWhole } from '../../util/write-whole.ts'
import { retryBusy } from './busy.ts'
import type { Connection } from './connection.ts'
import { isLogOfAnother } from './in-use.ts'
import { type PlacedFiles, savedName } from './placed-files.ts'
import { remedy } from './remedy.ts'

/** A store that this process still has open. */
interface OpenStore {
  readonly files: PlacedFiles
  readonly writing: Connection
  readonly reading: Connection
}

/**
 * Saves a store whose file was deleted or replaced while its log stayed: half of a deletion, and most likely an accident.
 * Whoever has it open can still read all of it, which nobody can later; and its log must go, which SQLite would take for
 * that of the file in its place. One of the processes that have it open does so; the others find the log gone.
 */
export async function saveLost(store: OpenStore, busyTimeoutMs: number): Promise<void> {
  try {
    await retryBusy(() => store.writing.exec('begin immediate'), busyTimeoutMs)
    await saveLocked(store)
  } catch (error) {
    throw notSaved(error, store.writing.file)
  }
}

async function saveLocked({ files, writing, reading }: OpenStore): Promise<void> {
  try {
    if (!files.isLogAlone) return
    await writeWhole(`${savedName(writing.file)}${timeInNames()}`, target => reading.copyTo(target))
    files.removeLog()
  } finally {
    writing.exec('rollback')
  }
}

/**
 * Waits while a process has the log beside `file` open, but not the file, which was deleted or replaced under it: until it
 * has noticed, within a second, and saved what it has.
 * @throws Busy when it does not
 */
export async function waitForSaving(file: string, busyTimeoutMs: number): Promise<void> {
  await retryBusy(() => {
    if (!hasLogOfAnother(file)) return
    throw new Busy(`a process has a store open that was at ${file} and was deleted or replaced`, {
      hint: 'A hivewax of today notices within a second, and saves all that it held; end any other program that has it open.',
      details: { file },
    })
  }, busyTimeoutMs)
}

/** A name that no file can have, or that cannot be looked at, is refused by what opens it, which can say why. */
function hasLogOfAnother(file: string): boolean {
  try {
    return isLogOfAnother(file)
  } catch (error) {
    if (error instanceof HivewaxError) throw error
    return false
  }
}

function notSaved(error: unknown, file: string): unknown {
  if (!(error instanceof HivewaxError)) return error
  return errorOf(error.code, `what ${file} held could not be saved: ${error.message}`, {
    cause: error,
    details: error.details,
    hint: `Its log is left. ${remedy(file)}`,
  })
}

/** Now, as names of files can have it: 20261202T103000123Z. */
function timeInNames(): string {
  return new Date().toISOString().replace(/[-:.]/g, '')
}
