import fs from 'node:fs'
import { hasLog } from '../../util/database-files.ts'
import { systemCode } from '../../util/file-error.ts'

/**
 * True when a process, this one included, has a database in WAL mode open, be it one whose file was removed since: SQLite
 * then holds a lock on the index of its log. True as well where the system does not tell (it is Linux that does). Of the
 * processes of other containers it tells nothing.
 */
export function isInUse(file: string): boolean {
  return isLocked(`${file}-shm`) ?? true
}

/** True when a process, this one included, writes a database in rollback mode, or where the system does not tell. */
export function isBeingWritten(file: string): boolean {
  return isLocked(file, 'WRITE') ?? true
}

/**
 * Whether a process has the log beside a database open, but not the database: its file was deleted or replaced under it.
 * Only Linux tells; elsewhere it is false.
 */
export function isLogOfAnother(file: string): boolean {
  return hasLog(file) && isLocked(`${file}-shm`) === true && isLocked(file) === false
}

/**
 * Whether a lock is held on a file, or one of the kind; undefined where the system does not tell.
 * https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
function isLocked(file: string, kind = ''): boolean | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return false
  try {
    // By the inode alone: layered file systems show another device there.
    const isOfFile = new RegExp(`${kind} .*:${stat.ino} \\S+ \\S+$`, 'm')
    return isOfFile.test(fs.readFileSync('/proc/locks', 'utf8'))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return
  }
}
