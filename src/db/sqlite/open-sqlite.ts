import fs from 'node:fs'
import path from 'node:path'
import { Unsupported } from '../../errors.ts'
import { namesBeside } from '../../util/database-files.ts'
import { defaultBusyTimeoutMs } from './busy.ts'
import { assertSoundLog } from './lost-store.ts'
import { SqliteStore } from './sqlite-store.ts'
import { isSameFile, prepareFile, privateFile } from './store-files.ts'

/** `full`: an acknowledged write survives a power cut. `normal`: it survives the death of the process only. */
export type Durability = 'full' | 'normal'

export interface SqliteOptions {
  /** Default `full`. The strictest of all handles that a process has on one file holds for the file. */
  durability?: Durability | undefined
  /** How long to wait for other processes, in milliseconds. Default 5,000. The longest of all handles holds. */
  busyTimeoutMs?: number | undefined
  /** Open the file even on a network file system, where SQLite is safe for one machine at most. */
  allowNetworkFs?: boolean | undefined
}

/** A share in a store that this process has open. The last release closes it. */
export interface SqliteShare {
  readonly store: SqliteStore
  /** False when other handles of this process still use the store. */
  readonly isLast: () => boolean
  release(): Promise<void>
}

/** The options with their defaults. */
interface CheckedOptions {
  durability: Durability
  busyTimeoutMs: number
  allowNetworkFs: boolean
}

interface Shared {
  readonly opening: Promise<SqliteStore>
  /** What each handle asked for. */
  readonly users: Set<CheckedOptions>
  /** Set by the last handle when it leaves: resolves when the file is closed. */
  closing?: Promise<void>
}

/** The stores of this process by real path: two queues on one file would overtake each other. */
const shared = new Map<string, Shared>()

/** The first release with the fix of the WAL-reset bug, which could corrupt a file under concurrent checkpoints. */
const minSqlite = '3.51.3'

/** Opens the file, or joins the handles of this process that have it open. `:memory:` is a private new store. */
export async function openSqlite(location: string, options: SqliteOptions): Promise<SqliteShare> {
  assertSqliteVersion(process.versions.sqlite)
  const wanted = withDefaults(options)
  const isPrivate = location === ':memory:'
  const file = isPrivate ? privateFile() : prepareFile(location, wanted)
  await closingEnded(file)
  const entry: Shared = shared.get(file) ?? {
    opening: openStore(file, wanted.busyTimeoutMs),
    users: new Set(),
  }
  shared.set(file, entry)
  entry.users.add(wanted)
  const release = async () => {
    if (!entry.users.delete(wanted)) return
    // Calls that wait through the handle that leaves are to look, and to fail because it was closed.
    void entry.opening.then(store => store.commits.add())
    if (entry.users.size > 0) return applyStrictest(entry)
    entry.closing = entry.opening.then(store => store.close()).finally(() => shared.delete(file))
    await entry.closing
    if (isPrivate) fs.rmSync(path.dirname(file), { recursive: true, force: true })
  }
  try {
    const store = await entry.opening
    await applyStrictest(entry)
    return { store, isLast: () => entry.users.size === 1, release }
  } catch (error) {
    entry.users.delete(wanted)
    if (entry.users.size === 0) shared.delete(file)
    throw error
  }
}

async function openStore(file: string, busyTimeoutMs: number): Promise<SqliteStore> {
  await assertSoundLog(file)
  return SqliteStore.open(file, busyTimeoutMs)
}

/** Resolves when no close of the file is under way: a second queue would overtake what the first still has to write. */
async function closingEnded(file: string): Promise<void> {
  for (let entry = shared.get(file); entry?.closing !== undefined; entry = shared.get(file)) {
    const store = await entry.opening
    store.assertOutside()
    await entry.closing
  }
}

/**
 * True when this process has the file open as a store, or as a part of one, under whatever path: opening and closing
 * it again would drop the locks that SQLite holds on it.
 */
export function isOpenHere(file: string): boolean {
  const open = [...shared.keys()].flatMap(store => [store, ...namesBeside(store)])
  return open.some(part => isSameFile(part, file))
}

async function applyStrictest({ opening, users }: Shared): Promise<void> {
  const store = await opening
  store.writer.busyTimeoutMs = Math.max(...[...users].map(user => user.busyTimeoutMs))
  await store.setDurable([...users].some(user => user.durability === 'full'))
}

function withDefaults(options: SqliteOptions): CheckedOptions {
  return {
    durability: options.durability ?? 'full',
    busyTimeoutMs: options.busyTimeoutMs ?? defaultBusyTimeoutMs,
    allowNetworkFs: options.allowNetworkFs ?? false,
  }
}

function assertSqliteVersion(version: string | undefined): void {
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
  if (version !== undefined && number(version) >= number(minSqlite)) return
  throw new Unsupported(`this Node carries SQLite ${version ?? 'unknown'}; hivewax needs ${minSqlite}`, {
    hint: 'Update Node to 24.15 or newer.',
  })
}
