import fs from 'node:fs'
import path from 'node:path'
import { Unsupported } from '../../errors.ts'
import type { ReadOnly } from '../../util/write-refusal.ts'
import { defaultBusyTimeoutMs } from './busy.ts'
import { type FileId, fileIdOf, isOpenInProcess } from './file-id.ts'
import { assertOwnJournal, assertSoundLog } from './lost-store.ts'
import { storeGone } from './placed-files.ts'
import { prepareLog } from './prepare-log.ts'
import { ReadingStore } from './reading-store.ts'
import { waitForSaving } from './save-lost.ts'
import { SqliteStore } from './sqlite-store.ts'
import { existingFile, prepareFile, privateFile, realPathOf } from './store-files.ts'
import { assertIndexed } from './unwritten-file.ts'

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
  /** True for a file that only this process knows. */
  isPrivate?: boolean
}

interface Shared {
  readonly id: FileId
  readonly opening: Promise<SqliteStore>
  /** What each handle asked for. */
  readonly users: Set<CheckedOptions>
  /** Once it is open. */
  store?: SqliteStore
  /** Set when the last handle leaves, or the file is gone: resolves when the file is closed. */
  closing?: Promise<void>
}

/** The stores of this process, by what their files are: two queues on one file would overtake each other. */
const shared = new Map<FileId, Shared>()

/** The first release with the fix of the WAL-reset bug, which could corrupt a file under concurrent checkpoints. */
const minSqlite = '3.51.3'

/** Opens the file, or joins the handles of this process that have it open. `:memory:` is a private new store. */
export async function openSqlite(location: string, options: SqliteOptions): Promise<SqliteShare> {
  assertSqliteVersion(process.versions.sqlite)
  const isPrivate = location === ':memory:'
  const wanted = { ...withDefaults(options), isPrivate }
  const file = isPrivate ? privateFile() : await findFile(location, wanted)
  const entry = await join(file, wanted)
  const release = async () => {
    if (!entry.users.delete(wanted)) return
    // Calls that wait through the handle that leaves are to look, and to fail because it was closed.
    void entry.opening.then(store => store.commits.add())
    if (entry.users.size > 0) return applyStrictest(entry)
    await close(entry)
    if (isPrivate) fs.rmSync(path.dirname(file), { recursive: true, force: true })
  }
  try {
    const store = await entry.opening
    await applyStrictest(entry)
    return { store, isLast: () => entry.users.size === 1, release }
  } catch (error) {
    entry.users.delete(wanted)
    throw error
  }
}

/** Opens a file that exists, to read it. */
export async function openReading(
  location: string,
  why: ReadOnly,
  options: SqliteOptions,
): Promise<ReadingStore> {
  assertSqliteVersion(process.versions.sqlite)
  const { busyTimeoutMs, allowNetworkFs } = withDefaults(options)
  const file = existingFile(location, { allowNetworkFs })
  await waitForSaving(file, busyTimeoutMs)
  assertIndexed(file)
  await assertSoundLog(file)
  return ReadingStore.open(file, why, busyTimeoutMs)
}

/** The real path of the file, which exists from now on. */
async function findFile(location: string, options: CheckedOptions): Promise<string> {
  const file = realPathOf(location)
  for (const entry of [...shared.values()]) if (entry.store?.file === file) await lostEnded(entry)
  await waitForSaving(file, options.busyTimeoutMs)
  return prepareFile(location, options)
}

/** Resolves when a store that is gone from its place, which may be noticed only now, is saved and closed. */
async function lostEnded(entry: Shared): Promise<void> {
  if (!entry.store?.isGone) return
  entry.store.assertOutside()
  // What fails in it those hear of who close it.
  await entry.closing?.catch(() => {})
}

/** The store of the file in this process, with one user more. */
async function join(file: string, user: CheckedOptions): Promise<Shared> {
  const id = fileIdOf(file)
  if (id === undefined) throw storeGone([{ file, how: 'deleted' }])
  await closingEnded(id)
  const entry = shared.get(id) ?? open(file, id, user)
  entry.users.add(user)
  return entry
}

function open(file: string, id: FileId, user: CheckedOptions): Shared {
  const opening = openFile(file, id, user)
  const entry: Shared = { id, opening, users: new Set() }
  shared.set(id, entry)
  opening.then(
    store => {
      entry.store = store
      store.onGone = () => void close(entry).catch(() => {})
    },
    () => shared.delete(id),
  )
  return entry
}

async function openFile(
  file: string,
  id: FileId,
  { busyTimeoutMs, isPrivate }: CheckedOptions,
): Promise<SqliteStore> {
  // First, for SQLite looks at the log by its index, and would create that with the group of this process.
  prepareLog(file)
  await assertSoundLog(file)
  await assertOwnJournal(file)
  const store = await SqliteStore.open(file, busyTimeoutMs, isPrivate)
  if (store.files.ids.get(file) === id) return store
  await store.close()
  throw storeGone([{ file, how: 'replaced' }])
}

function close(entry: Shared): Promise<void> {
  entry.closing ??= entry.opening.then(store => store.close()).finally(() => shared.delete(entry.id))
  return entry.closing
}

/**
 * Resolves when no close of the file is under way: a second queue would overtake what the first still has to write. A
 * store whose files are gone closes by itself, once it is noticed.
 */
async function closingEnded(id: FileId): Promise<void> {
  for (let entry = shared.get(id); entry !== undefined; entry = shared.get(id)) {
    if (entry.closing === undefined && !entry.store?.isGone) return
    const store = await entry.opening
    store.assertOutside()
    await entry.closing
  }
}

/**
 * True when this process has the file open, as a store or as a part of one, under whatever path: opening and closing it
 * again would drop the locks that SQLite holds on it. On Linux that is known of other threads too.
 */
export function isOpenHere(file: string): boolean {
  const id = fileIdOf(file)
  if (id === undefined) return false
  const parts = [...shared.values()].flatMap(entry => [entry.id, ...(entry.store?.files.ids.values() ?? [])])
  return parts.includes(id) || isOpenInProcess(id)
}

async function applyStrictest({ opening, users, closing }: Shared): Promise<void> {
  if (closing !== undefined) return
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
