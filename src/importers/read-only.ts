import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type FileHeader, headerBytes, parseHeader } from '../db/sqlite/file-header.ts'
import { isInUse } from '../db/sqlite/in-use.ts'
import { foreignLog } from '../db/sqlite/lost-store.ts'
import { Busy, Corrupt, Storage } from '../errors.ts'
import { hasLog } from '../util/database-files.ts'
import { fileError } from '../util/file-error.ts'

/** Result codes of SQLite, https://sqlite.org/rescode.html; the last is of a file that a crash left half written. */
const code = { busy: 5, locked: 6, corrupt: 11, cantopen: 14, notadb: 26, readonlyRollback: 776 }

const importAgain =
  'End what is writing to it, then import again: what is there already is not brought twice.'

/** A database that is read and never written, not even its surroundings. */
export interface ReadOnly {
  readonly db: DatabaseSync
  /** Throws Busy when others have written what is read as a file that does not change. */
  assertSteady(): void
  close(): void
}

/** Opens a database for reading; undefined when the file is none. */
export function openReadOnly(file: string): ReadOnly | undefined {
  try {
    return open(file)
  } catch (error) {
    if (sqliteCode(error) === code.notadb) return undefined
    throw readError(error, file)
  }
}

function open(file: string): ReadOnly | undefined {
  // Another process may be writing: SQLite then reads what is committed, log included, and writes nothing. Nor may the
  // file be opened in another way, which could drop the locks of this very process.
  if (isInUse(file)) return checked(new DatabaseSync(file, { readOnly: true, timeout: 500 }))
  const header = readHeader(file)
  if (header === undefined) return undefined
  if (!header.usesLog && hasLog(file)) throw foreignLog(file)
  if (!header.usesLog) return openRollback(file)
  if (hasLog(file)) return openCopy(file, '-wal')
  // No process has it open, and there is no log. Opened in the common way, SQLite would leave an empty log beside it.
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  const assertSteady = steadiness(file)
  return { ...checked(new DatabaseSync(url, { readOnly: true })), assertSteady }
}

/** What throws once a file, or whether it has a log, is not as it is now: whoever writes begins a log first. */
function steadiness(file: string): () => void {
  const signs = () => {
    const { ino, size, mtimeNs, ctimeNs } = fs.statSync(file, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs, hasLog(file)].join()
  }
  const before = signs()
  return () => {
    if (signs() === before) return
    throw new Busy(`${file} was written while it was read`, { hint: importAgain })
  }
}

function openRollback(file: string): ReadOnly {
  try {
    return checked(new DatabaseSync(file, { readOnly: true, timeout: 500 }))
  } catch (error) {
    if (sqliteCode(error) !== code.readonlyRollback) throw error
    return openCopy(file, '-journal')
  }
}

/** What a crash left has to be completed, which is done to a copy. */
function openCopy(file: string, suffix: string): ReadOnly {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-import-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  try {
    const copy = path.join(folder, `${randomBytes(4).toString('hex')}.db`)
    const assertSteady = steadiness(file)
    fs.copyFileSync(file, copy)
    fs.copyFileSync(file + suffix, copy + suffix)
    assertSteady()
    const opened = checked(new DatabaseSync(copy))
    const close = () => {
      opened.close()
      remove()
    }
    return { ...opened, close }
  } catch (error) {
    remove()
    throw error
  }
}

/** Reads once, so that what cannot be read is found here. */
function checked(db: DatabaseSync): ReadOnly {
  try {
    db.prepare('select count(*) from sqlite_schema').get()
  } catch (error) {
    db.close()
    throw error
  }
  return { db, assertSteady: () => {}, close: () => db.close() }
}

function readHeader(file: string): FileHeader | undefined {
  const handle = fs.openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(headerBytes)
    return parseHeader(bytes.subarray(0, fs.readSync(handle, bytes)))
  } finally {
    fs.closeSync(handle)
  }
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined
}

/** What SQLite or the file system said while a source was read, as one of our errors. */
export function readError(error: unknown, file: string): unknown {
  const found = sqliteCode(error)
  if (found === undefined || !(error instanceof Error)) return fileError(error, file)
  const options = { cause: error, details: { file, sqlite: found } }
  switch (found & 0xff) {
    case code.busy:
    case code.locked:
      return new Busy(`${file} is locked by another program`, {
        ...options,
        hint: importAgain,
      })
    case code.corrupt:
    case code.notadb:
      return new Corrupt(`${file} is damaged: ${error.message}`, {
        ...options,
        hint: 'Save what can be read with `sqlite3 FILE .recover | sqlite3 saved.db`, and import that.',
      })
    default:
      return new Storage(`cannot read ${file}: ${error.message}`, options)
  }
}
