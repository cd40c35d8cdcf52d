import fs from 'node:fs'
import { Busy } from '../../errors.ts'
import { retryBusy } from './busy.ts'
import { Connection } from './connection.ts'

/**
 * Waits until nobody has a store open whose log was deleted: what they have stored is in a log without a name, which
 * whoever lets go of it last merges into the file. A new log before that would shut it out for good.
 * @throws Busy when they keep it
 */
export async function waitForNamelessLog(file: string, busyTimeoutMs: number): Promise<void> {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0 || hasLog(file)) return
  try {
    await retryBusy(() => hasLog(file) || assertUnused(file), busyTimeoutMs)
  } catch (error) {
    // Of any other trouble the opening itself tells.
    if (!(error instanceof Busy)) return
    throw new Busy(`${file} is open in another process, but its log, ${file}-wal, was deleted`, {
      hint: 'A hivewax of today notices within a second and saves what it can; end any other program that has the store open.',
      details: { file },
      cause: error,
    })
  }
}

function hasLog(file: string): boolean {
  return fs.existsSync(`${file}-wal`)
}

/** Throws Busy while any other connection has the file open in WAL mode, which holds a lock on it for as long. */
function assertUnused(file: string): void {
  const connection = new Connection(file, { readOnly: false })
  try {
    connection.exec('pragma locking_mode=exclusive')
    connection.value('select 1 from sqlite_schema')
  } finally {
    connection.close()
  }
}

/**
 * Removes the log of a store that was deleted without it, so that a new one does not take it for its own. To be called
 * while nobody else can use the new file.
 */
export function removeOldLog(file: string): void {
  for (const end of ['-wal', '-shm']) fs.rmSync(file + end, { force: true })
}
