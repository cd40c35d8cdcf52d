import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** What a whole run of the tests may write at a time, by and large. */
const roomBytes = 2 ** 30

/** Longer than any test takes. */
const quietMs = 600_000

/** The longest path of a folder for a Unix socket: the system takes 107 bytes (103 on macOS) with the socket's name. */
const maxSocketFolderBytes = 80

/** Set by the set-up of a run: its folder, and where files go that are to be on a disk. */
const runVariable = 'HIVEWAX_TEST_RUN'
const diskVariable = 'HIVEWAX_TEST_DISK'

/**
 * Makes a folder for all that the tests write, in memory where there is room, and lets `os.tmpdir()` name it, here and
 * in every process that is started from now on. Returns what removes it.
 */
export function startFolders(): () => void {
  const disk = firstWithRoom([os.tmpdir(), '/tmp', '/var/tmp'])
  for (const parent of new Set(['/dev/shm', disk])) removeOld(parent)
  const folder = newFolder(firstWithRoom(['/dev/shm', disk]), `hivewax-run-${process.pid}-`)
  // The user of the PostgreSQL server goes through it.
  fs.chmodSync(folder, 0o711)
  process.env[runVariable] = folder
  process.env[diskVariable] = disk
  process.env.TMPDIR = folder
  return () => remove(folder)
}

/**
 * A folder that the test files of a run share: the first that asks for it has it made, and every account may read it.
 * Whole or not at all: another file may make the same at this moment, and either will do.
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const target = path.join(sharedFolder(), name)
  if (fs.existsSync(target)) return target
  const folder = newFolder(sharedFolder(), `making-${name}-`)
  fs.chmodSync(folder, 0o755)
  await make(folder)
  try {
    fs.renameSync(folder, target)
  } catch (error) {
    if (!fs.existsSync(target)) throw error
    remove(folder)
  }
  return target
}

/** Has them made again by whoever asks next. */
export function removeMade(): void {
  remove(sharedFolder())
}

function sharedFolder(): string {
  const folder = path.join(process.env[runVariable] ?? os.tmpdir(), 'shared')
  fs.mkdirSync(folder, { recursive: true })
  return folder
}

/** From now on this process, and those that it starts, keep their temporary files on a disk. */
export function writeToDisk(): void {
  process.env.TMPDIR = process.env[diskVariable] ?? os.tmpdir()
}

/** Where a PostgreSQL server may be, the best first: some its user may not enter, or no program may run there. */
export function serverParents(onDisk: boolean): string[] {
  const disk = [process.env[diskVariable] ?? os.tmpdir(), '/tmp', '/var/tmp']
  const parents = new Set(onDisk ? disk : [os.tmpdir(), ...disk])
  return [...parents].filter(parent => hasRoom(parent) && Buffer.byteLength(parent) <= maxSocketFolderBytes)
}

/** A new folder, whose name nobody else has. */
export function newFolder(parent: string, prefix: string): string {
  return fs.mkdtempSync(path.join(parent, prefix))
}

/** Removes a folder, though a process that dies may write into it until then. */
export function remove(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
}

/** The first of the folders that has room; the first of all where none has. */
function firstWithRoom(folders: readonly [string, ...string[]]): string {
  return folders.find(hasRoom) ?? folders[0]
}

function hasRoom(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK)
    const { bavail, bsize } = fs.statfsSync(folder)
    return bavail * bsize >= roomBytes
  } catch {
    return false
  }
}

/** Ends and removes what a run has left behind that was killed: its process is gone, and nobody writes there. */
function removeOld(parent: string): void {
  for (const name of fs.existsSync(parent) ? fs.readdirSync(parent) : []) {
    const [, pid] = /^hivewax-run-(\d+)-/.exec(name) ?? []
    const folder = path.join(parent, name)
    if (pid === undefined || fs.existsSync(`/proc/${pid}`) || !isQuiet(folder)) continue
    endServers(folder)
    remove(folder)
  }
}

/** A run in another container may have a process of its own of that id: it makes folders here all the time. */
function isQuiet(folder: string): boolean {
  const { mtimeMs } = fs.statSync(folder, { throwIfNoEntry: false }) ?? {}
  return mtimeMs !== undefined && Date.now() - mtimeMs > quietMs
}

/** Ends the PostgreSQL servers whose data lie in a folder. */
function endServers(folder: string): void {
  for (const file of fs.globSync('*/data/postmaster.pid', { cwd: folder })) {
    const pid = Number.parseInt(fs.readFileSync(path.join(folder, file), 'utf8'), 10)
    const command = `/proc/${pid}/cmdline`
    if (fs.existsSync(command) && fs.readFileSync(command, 'utf8').includes(folder))
      process.kill(pid, 'SIGQUIT')
  }
}
