import fs from 'node:fs'
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
