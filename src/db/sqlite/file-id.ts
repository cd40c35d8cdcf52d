import fs from 'node:fs'

/** What a file is, under whatever name: its device and inode. */
export type FileId = string

/** The file that a path leads to; undefined when it leads nowhere. Looking at a file, unlike opening it, drops no locks. */
export function fileIdOf(path: string): FileId | undefined {
  // Some file systems have inodes beyond what a number can tell apart.
  const stat = fs.statSync(path, { throwIfNoEntry: false, bigint: true })
  return stat && `${stat.dev}:${stat.ino}`
}

/** True when both paths lead to one file, be it by links. A path that leads nowhere is not the same as any. */
export function isSameFile(one: string, other: string): boolean {
  const id = fileIdOf(one)
  return id !== undefined && id === fileIdOf(other)
}

/**
 * Whether this process has the file open, in whichever of its threads. Only Linux tells; elsewhere it is false.
 */
export function isOpenInProcess(id: FileId): boolean {
  const folder = '/proc/self/fd'
  return fs.existsSync(folder) && fs.readdirSync(folder).some(fd => fileIdOf(`${folder}/${fd}`) === id)
}
