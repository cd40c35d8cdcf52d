import fs from 'node:fs'
import path from 'node:path'
import { Storage } from '../../errors.ts'
import { logOf } from '../../util/database-files.ts'
import { type FileId, fileIdOf } from './file-id.ts'
import { HeldFolder } from './held-folder.ts'

/** The ends of the names of an open store's files: its own, its log, and the index of the log. */
const ends = ['', '-wal', '-shm']

/** A file that is not in its place any more. */
export interface Loss {
  readonly file: string
  readonly how: 'deleted' | 'replaced'
}

/**
 * How long ago a folder must have changed for its time to tell it from any later state, in milliseconds: kernels count
 * in ticks of up to 10 ms, and some file systems in steps of two seconds, which then have no fraction.
 */
const tickMs = 20
const stepMs = 2_500

const none: readonly Loss[] = []

/** What the files of a store are, by their paths; its own is the first. Goes from thread to thread. */
export type FileIds = ReadonlyMap<string, FileId>

/**
 * The files of an open store as they were when it was opened, known by device and inode: SQLite goes on with a file
 * that was deleted or replaced, and what it writes there nobody will ever read.
 */
export class PlacedFiles {
  readonly ids: FileIds
  readonly #isPrivate: boolean
  readonly #folder: HeldFolder
  /** The folder when all was in place, if it has to look different after any change. */
  #settled: fs.Stats | undefined

  /**
   * The files of the store `file` as they are now.
   * @param isPrivate true where nobody else looks for them: then it does not matter whether they keep their names
   */
  constructor(file: string, isPrivate = false) {
    this.#isPrivate = isPrivate
    const found = ends.flatMap(end => {
      const id = fileIdOf(file + end)
      return id === undefined ? [] : [[file + end, id] as const]
    })
    this.ids = new Map(found)
    this.#folder = new HeldFolder(path.dirname(file))
  }

  /**
   * What is not in place. Asked before every read it must cost little: a folder changes whenever a name in it does, so
   * that one look at the folder is enough for as long as it stays as it was.
   */
  losses(): readonly Loss[] {
    if (this.#isPrivate) return none
    const folder = this.#folder.look()
    if (folder !== undefined && isSame(folder, this.#settled)) return none
    return this.#lookAtAll()
  }

  /** Has the next look notice a folder above that was moved a moment ago. */
  lookUp(): void {
    this.#folder.lookUp()
  }

  /**
   * Whether nothing but parts of the log was lost, and nobody has begun a new one: they could only while the file is
   * open here, and would have left theirs in its place.
   */
  get isLogMergeable(): boolean {
    const [file] = this.ids.keys()
    return this.losses().every(loss => loss.how === 'deleted' && loss.file !== file)
  }

  /** Whether the file was deleted or replaced, and its log is still there: then nobody can begin a new one. */
  get isLogAlone(): boolean {
    return isLogAlone(this.ids, this.losses())
  }

  /** Removes what is left of the log. */
  removeLog(): void {
    for (const [file, id] of [...this.ids].slice(1)) if (fileIdOf(file) === id) fs.rmSync(file)
  }

  /** Lets go of the folder. */
  close(): void {
    this.#folder.close()
  }

  #lookAtAll(): readonly Loss[] {
    // In this order: what happens after a look is seen by the next one.
    const now = Date.now()
    const folder = this.#folder.look()
    const losses = lossesOf(this.ids)
    this.#settled = losses.length === 0 && isSettled(folder, now) ? folder : undefined
    return losses
  }
}

function lossesOf(ids: FileIds): Loss[] {
  return [...ids].flatMap(([file, id]): Loss[] => {
    const found = fileIdOf(file)
    if (found === id) return []
    return [{ file, how: found === undefined ? 'deleted' : 'replaced' }]
  })
}

function isLogAlone(ids: FileIds, losses: readonly Loss[]): boolean {
  const [file = ''] = ids.keys()
  const isLost = (name: string) => losses.some(loss => loss.file === name)
  return isLost(file) && ids.has(logOf(file)) && !isLost(logOf(file))
}

/** Throws `store_gone` unless these files are in place. */
export function assertInPlace(ids: FileIds): void {
  const losses = lossesOf(ids)
  if (losses.length > 0) throw storeGone(losses, isLogAlone(ids, losses))
}

/** By the time of its last change, which unlike that of its last modification no program can set. */
function isSame(one: fs.Stats, other: fs.Stats | undefined): boolean {
  return (
    other !== undefined && one.ctimeMs === other.ctimeMs && one.ino === other.ino && one.dev === other.dev
  )
}

function isSettled(folder: fs.Stats | undefined, now: number): boolean {
  if (folder === undefined) return false
  return now - folder.ctimeMs > (folder.ctimeMs % 1000 === 0 ? stepMs : tickMs)
}

/** With what the names begin under which a store is saved whose file was deleted or replaced. */
export function savedName(file: string): string {
  return `${file}.saved-`
}

/**
 * The error of whatever is asked of a store with such losses.
 * @param isSaved whether what it holds is saved by whoever has it open, see `saveLost`
 */
export function storeGone(losses: readonly Loss[], isSaved = false): Storage {
  const what = losses.map(({ file, how }) =>
    how === 'deleted' ? `${file} was deleted or moved` : `${file} was replaced by another file`,
  )
  const saved = isSaved ? `; what it held is being saved as ${savedName(losses[0]?.file ?? '')}*` : ''
  const restore = isSaved ? ' `hivewax restore` that file to have back what it held.' : ''
  return new Storage(
    `${what.join(', ')} while the store was open${saved}`,
    {
      hint: `Nothing was stored. Close every handle of the store, then open it anew; hivewax mcp, serve and work do so by themselves.${restore}`,
      details: { gone: losses.map(({ file }) => file) },
    },
    'store_gone',
  )
}
