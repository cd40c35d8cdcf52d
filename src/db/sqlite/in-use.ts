import fs from 'node:fs'
import { hasLog } from '../../util/database-files.ts'
import { systemCode } from '../../util/file-error.ts'

/**
 * True when a process, this one included, has a database in WAL mode open, be it one whose file was removed since: SQLite
 * then holds a lock on the index of its log. True as well where the system does not tell (it is Linux that does). Of the
 * processes of other containers it tells nothing.
 */
export function isInUse(file: string): boolean {
  const index = fs.statSync(`${file}-shm`, { throwIfNoEntry: false })
  if (index === undefined) return false
  const locks = lockedInodes()
  // By the inode alone: layered file systems show another device there.
  return locks === undefined || locks.includes(String(index.ino))
}

/**
 * Whether a process has the log beside a database open, but not the database: its file was deleted or replaced under it.
 * Only Linux tells; elsewhere it is false.
 */
export function isLogOfAnother(file: string): boolean {
  const locks = hasLog(file) ? lockedInodes() : undefined
  const isLocked = (part: string) => {
    const stat = fs.statSync(part, { throwIfNoEntry: false })
    return stat !== undefined && locks?.includes(String(stat.ino)) === true
  }
  return isLocked(`${file}-shm`) && !isLocked(file)
}

/** The inodes on which locks are held, https://man7.org/linux/man-pages/man5/proc_locks.5.html */
function lockedInodes(): string[] | undefined {
  try {
    const lines = fs.readFileSync('/proc/locks', 'utf8').split('\n')
    return lines.flatMap(line => /:(\d+) \S+ \S+$/.exec(line)?.[1] ?? [])
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
