import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Busy, Storage } from '../../errors.ts'
import { Connection } from './connection.ts'
import { storeGone } from './placed-files.ts'

/** How the files of a store look from outside: two looks that differ may mean that somebody wrote in between. */
interface Look {
  /** Whether there is a log, with its index: then whoever writes does so there, and SQLite knows what is whole. */
  readonly hasLog: boolean
  readonly signs: string
}

/**
 * The file of a store as a process reads it that must not write. Where others have it open, or have left a log, SQLite
 * reads through the log and its index. Where there is none it would create both, as files of whoever reads, and the
 * owner could write no more; so there it is told that nobody changes the file, and whether anybody did is looked up
 * before and after each read: whoever writes begins a log first, and leaves the file changed.
 */
export class UnwrittenFile {
  readonly file: string
  #look: Look
  #connection: Connection
  #openings = 1

  constructor(file: string) {
    this.file = file
    this.#look = lookAt(file)
    this.#connection = this.#connect()
  }

  /** How often it was opened anew, since others have written it; what was read before may be out of date. */
  get openings(): number {
    return this.#openings
  }

  /** What opens it, for whoever opens it by himself. */
  get location(): string {
    return this.#look.hasLog ? this.file : `${pathToFileURL(this.file).href}?immutable=1`
  }

  /**
   * Runs what reads by a connection.
   * @throws Busy when the file was changed meanwhile: then it may be read again
   */
  read<T>(use: (connection: Connection) => T): T {
    this.follow()
    try {
      return use(this.#connection)
    } finally {
      this.assertSteady()
    }
  }

  /** Opens the file anew if it has changed, so that what is read from now on is up to date. */
  follow(): void {
    const look = lookAt(this.file)
    if (look.signs === this.#look.signs) return
    this.#connection.close()
    this.#look = look
    this.#connection = this.#connect()
    this.#openings++
  }

  /** @throws Busy unless the files are as they were when they were opened */
  assertSteady(): void {
    if (lookAt(this.file).signs === this.#look.signs) return
    throw new Busy(`${this.file} was written while it was read`, { hint: 'Try again.' })
  }

  close(): void {
    this.#connection.close()
  }

  #connect(): Connection {
    return new Connection(this.location, { readOnly: true })
  }
}

/** Throws when there is no index of the log beside `file`: SQLite would have to create one to read it. */
export function assertIndexed(file: string): void {
  lookAt(file)
}

function lookAt(file: string): Look {
  const store = fs.statSync(file, { bigint: true, throwIfNoEntry: false })
  if (store === undefined) throw storeGone([{ file, how: 'deleted' }])
  const [log, index, journal] = ['-wal', '-shm', '-journal'].map(end =>
    fs.statSync(file + end, { bigint: true, throwIfNoEntry: false }),
  )
  const id = `${store.dev}:${store.ino}`
  if (log !== undefined && index !== undefined)
    return { hasLog: true, signs: `${id} ${log.ino} ${index.ino}` }
  const unmerged = [log && `${file}-wal`, journal && `${file}-journal`].find(name => name !== undefined)
  if (unmerged !== undefined && [log, journal].some(left => left !== undefined && left.size > 0n))
    throw unreadable(unmerged)
  return { hasLog: false, signs: `${id} ${store.size} ${store.mtimeNs} ${store.ctimeNs}` }
}

/** What was left by a process that died, or copied without the index: to read it SQLite has to write. */
function unreadable(left: string): Storage {
  return new Storage(`${left} holds what is not merged into the store yet, which takes writing`, {
    hint: 'Open the store once with an account that may write it; or copy it, with the files of its name, to a folder of your own.',
  })
}
