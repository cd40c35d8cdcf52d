import fs from 'node:fs'
import { systemCode } from '../../util/file-error.ts'

/** The ends of the names of what SQLite creates beside a store when it is opened: its log, and the index of the log. */
const ends = ['-wal', '-shm']

/**
 * Creates the log of a store of another account, so that its owner can use it too. SQLite would give it the rights of the
 * store, but the group of this process: where several accounts write a store by its group, only one of them could then.
 */
export function prepareLog(file: string): void {
  const account = process.geteuid?.()
  const { uid, gid, mode } = fs.statSync(file)
  // As root SQLite gives it to the owner by itself.
  if (account === undefined || account === 0 || account === uid) return
  for (const end of ends) create(file + end, { gid, mode: mode & 0o777 })
}

function create(file: string, { gid, mode }: { gid: number; mode: number }): void {
  try {
    const created = fs.openSync(file, 'wx', mode)
    try {
      // Whatever the umask says.
      fs.fchmodSync(created, mode)
      fs.fchownSync(created, -1, gid)
    } finally {
      fs.closeSync(created)
    }
  } catch (error) {
    // It is there. Or the account is not of the group, and may write the store as anybody may: then so it is with the log.
    if (!['EEXIST', 'EPERM'].includes(systemCode(error) ?? '')) throw error
  }
}
