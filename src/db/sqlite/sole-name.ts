import fs from 'node:fs'
import { Unsupported } from '../../errors.ts'

/** The ends of the names of all files that SQLite may keep for one database. */
const ends = ['', '-wal', '-shm', '-journal']

/**
 * Throws when a file of the store has a second name, by a link or by a mount of the single file. SQLite puts the log
 * beside the name by which it was opened: under two names one file has two logs, and each side loses the other's writes.
 * @param file the real path of the store
 */
export function assertSoleName(file: string): void {
  const mounts = mountPoints()
  for (const part of ends.map(end => file + end)) {
    const stat = fs.lstatSync(part, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isSymbolicLink()) throw secondName(part, 'is a symbolic link')
    if (stat.nlink > 1) throw secondName(part, `has ${stat.nlink} names (hard links)`)
    if (mounts.has(part)) throw secondName(part, 'is mounted by itself')
  }
}

/** Where something is mounted. The device does not tell: that of a file that is mounted elsewhere on its disk is the same. */
function mountPoints(): ReadonlySet<string> {
  const table = '/proc/self/mountinfo'
  if (!fs.existsSync(table)) return new Set()
  // The fifth field of each line, https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
  const lines = fs.readFileSync(table, 'utf8').split('\n')
  return new Set(lines.map(line => decoded(line.split(' ')[4] ?? '')))
}

/** A space, a tab, a line feed and a backslash are written there as three octal digits. */
function decoded(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

function secondName(file: string, what: string): Unsupported {
  return new Unsupported(`${file} ${what}: under two names a store loses writes`, {
    hint: 'Link or mount its folder instead; or make a copy of the store with `hivewax backup FILE`.',
    details: { file },
  })
}
