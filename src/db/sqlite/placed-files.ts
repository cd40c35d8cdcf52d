import fs from 'node:fs'
import path from 'node:path'
import { Storage } from '../../errors.ts'
import { type FileId, fileIdOf } from './file-id.ts'

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

/**
 * The files of an open store as they were when it was opened, known by device and inode: SQLite goes on with a file
 * that was deleted or replaced, and what it writes there nobody will ever read.
 */
export class PlacedFiles {
  /** What each file is, by its path; the store's own is the first. Goes from thread to thread. */
  readonly ids: ReadonlyMap<string, FileId>
  readonly #folder: string
  /** The folder when all was in place, if it has to look different after any change. */
  #settled: fs.Stats | undefined

  constructor(ids: ReadonlyMap<string, FileId>) {
    this.ids = ids
    this.#folder = path.dirname([...ids.keys()][0] ?? '.')
  }

  /** The files of a store as they are now. */
  static of(file: string): PlacedFiles {
    const found = ends.flatMap(end => {
      const id = fileIdOf(file + end)
      return id === undefined ? [] : [[file + end, id] as const]
    })
    return new PlacedFiles(new Map(found))
  }

  /**
   * What is not in place. Asked before every read it must cost little: a folder changes whenever a name in it does, so
   * that one look at the folder is enough for as long as it stays as it was.
   */
  losses(): Loss[] {
    const folder = fs.statSync(this.#folder, { throwIfNoEntry: false })
    if (folder !== undefined && isSame(folder, this.#settled)) return []
    return this.#lookAtAll()
  }

  /**
   * Whether nothing but parts of the log was lost, and nobody has begun a new one: they could only while the file is
   * open here, and would have left theirs in its place.
   */
  get isLogMergeable(): boolean {
    const [file] = this.ids.keys()
    return this.losses().every(loss => loss.how === 'deleted' && loss.file !== file)
  }

  /** Throws `store_gone` unless everything is in place. */
  assertInPlace(): void {
    const losses = this.losses()
    if (losses.length > 0) throw storeGone(losses)
  }

  #lookAtAll(): Loss[] {
    // In this order: what happens after a look is seen by the next one.
    const now = Date.now()
    const folder = fs.statSync(this.#folder, { throwIfNoEntry: false })
    const losses = [...this.ids].flatMap(([file, id]): Loss[] => {
      const found = fileIdOf(file)
      if (found === id) return []
      return [{ file, how: found === undefined ? 'deleted' : 'replaced' }]
    })
    this.#settled = losses.length === 0 && isSettled(folder, now) ? folder : undefined
    return losses
  }
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

/** The error of whatever is asked of a store with such losses. */
export function storeGone(losses: readonly Loss[]): Storage {
  const what = losses.map(({ file, how }) =>
    how === 'deleted' ? `${file} was deleted or moved` : `${file} was replaced by another file`,
  )
  return new Storage(
    `${what.join(', ')} while the store was open`,
    {
      hint: 'Nothing was stored. Close every handle of the store, then open it anew; hivewax mcp, serve and work do so by themselves.',
      details: { gone: losses.map(({ file }) => file) },
    },
    'store_gone',
  )
}
