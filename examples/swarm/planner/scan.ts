import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** A file to be measured. */
export interface FoundFile {
  /** Relative to the directory, with `/` between folders. */
  path: string
  bytes: number
}

export interface Scan {
  files: FoundFile[]
  /** Folders that may not be read. */
  unreadable: string[]
  /** True when there are more files than are looked at. */
  isCut: boolean
}

const ignoredNames = new Set(['node_modules', '.git', 'dist', '.swarm'])

/** The longest key of a record, in bytes. */
const maxPathBytes = 512

/** The first files under a directory, by path: those that git would commit, or all where git knows none. */
export async function scan(directory: string, maxFiles = 2_000): Promise<Scan> {
  const result: Scan = { files: [], unreadable: [], isCut: false }
  const listed = await listByGit(directory)
  const paths = listed.length > 0 ? listed : walk(directory, '', result.unreadable)
  for await (const file of paths) {
    const bytes = isWanted(file) ? await sizeOf(path.join(directory, file)) : undefined
    if (bytes === undefined) continue
    if (result.files.length === maxFiles) return { ...result, isCut: true }
    result.files.push({ path: file, bytes })
  }
  return result
}

/** Nothing where there is no git, or no repository. */
async function listByGit(directory: string): Promise<string[]> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd: directory, maxBuffer: 2 ** 26 })
    return [...new Set(stdout.split('\0').filter(file => file !== ''))].sort()
  } catch {
    return []
  }
}

async function* walk(directory: string, folder: string, unreadable: string[]): AsyncGenerator<string> {
  const entries = await fs
    .readdir(path.join(directory, folder), { withFileTypes: true })
    .catch(() => undefined)
  if (entries === undefined) unreadable.push(folder)
  for (const entry of (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.posix.join(folder, entry.name)
    if (entry.isFile()) yield file
    else if (entry.isDirectory() && !ignoredNames.has(entry.name)) yield* walk(directory, file, unreadable)
  }
}

function isWanted(file: string): boolean {
  return Buffer.byteLength(file) <= maxPathBytes && !file.split('/').some(name => ignoredNames.has(name))
}

/** Undefined for links, sockets and the like, and for files that are gone. */
async function sizeOf(file: string): Promise<number | undefined> {
  const stat = await fs.lstat(file).catch(() => undefined)
  return stat?.isFile() ? stat.size : undefined
}
