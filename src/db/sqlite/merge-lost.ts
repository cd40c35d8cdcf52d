import fs from 'node:fs'
import path from 'node:path'
import { DiskFull, errorOf, HivewaxError } from '../../errors.ts'
import { retryBusy } from './busy.ts'
import type { Connection } from './connection.ts'

/**
 * Merges a log that was deleted into its file. Whoever lets go of it last would do so as well, but say nothing when that
 * fails, with which all is lost that the log holds, and of a half-merged file the rest.
 */
export async function mergeLost(writing: Connection, busyTimeoutMs: number): Promise<void> {
  try {
    await retryBusy(() => {
      assertRoom(writing)
      writing.value('pragma wal_checkpoint(passive)')
    }, busyTimeoutMs)
  } catch (error) {
    throw notMerged(error, writing.file)
  }
}

/** Before anything is written: a merge begins with pages that the file has, and ends with those for which it grows. */
function assertRoom(writing: Connection): void {
  const { file } = writing
  const bytes = Number(writing.value('pragma page_count')) * Number(writing.value('pragma page_size'))
  const { bavail, bsize } = fs.statfsSync(path.dirname(file))
  if (bytes - fs.statSync(file).size > bavail * bsize)
    throw new DiskFull(`no room left on the disk of ${file}`)
}

function notMerged(error: unknown, file: string): unknown {
  if (!(error instanceof HivewaxError)) return error
  return errorOf(error.code, `what the deleted log of ${file} holds could not be merged: ${error.message}`, {
    cause: error,
    details: error.details,
    hint: 'This process keeps it, and tries again every second for as long as it lives: make room, and do not end it before the store can be opened.',
  })
}
