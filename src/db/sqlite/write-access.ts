import fs from 'node:fs'
import path from 'node:path'
import { NotFound } from '../../errors.ts'
import { systemCode } from '../../util/file-error.ts'
import { askedFor, type ReadOnly } from '../../util/write-refusal.ts'

/** What SQLite writes beside the file of a store while that is open: its log, and the index of the log. */
const besides = ['-wal', '-shm']

/**
 * Why the store at `location` is only to be read: because the caller says so, or because this process may not write one
 * of its files. Undefined where it can be written, and where it is still to be created.
 * @throws NotFound for a file that is not there, and is to be read only
 */
export function whyReadOnly(location: string, isAskedFor: boolean): ReadOnly | undefined {
  const found = fs.existsSync(location)
  if (isAskedFor) {
    if (found) return askedFor
    throw new NotFound(`there is no store at ${path.resolve(location)}`, {
      hint: 'What is only read is not created: open it once without readOnly, or name another file.',
    })
  }
  return found ? whyNotWritten(fs.realpathSync(location)) : undefined
}

function whyNotWritten(file: string): ReadOnly | undefined {
  const parts = [file, ...besides.map(end => file + end)]
  const existing = parts.filter(part => fs.existsSync(part))
  // A log that is missing is created in the folder.
  const needed = existing.length < parts.length ? [...existing, path.dirname(file)] : existing
  for (const each of needed) {
    const code = refusedAccess(each)
    if (code !== undefined) return { why: `${each} ${reasonOf(code)}`, hint: hintOf(code, each) }
  }
  return undefined
}

/** The system's code for why this process may not write a file or into a folder; undefined when it may. */
function refusedAccess(file: string): string | undefined {
  try {
    fs.accessSync(file, fs.constants.W_OK)
    return undefined
  } catch (error) {
    return systemCode(error)
  }
}

function reasonOf(code: string): string {
  if (code === 'EROFS') return 'is on a file system that can only be read'
  return `may not be written by this account${account()}`
}

function account(): string {
  const id = process.geteuid?.()
  return id === undefined ? '' : ` (uid ${id})`
}

function hintOf(code: string, file: string): string {
  if (code === 'EROFS') return 'Mount it so that it can be written, or use a copy of the store elsewhere.'
  const { uid, mode } = fs.statSync(file)
  return `It belongs to uid ${uid} and has mode ${(mode & 0o777).toString(8)}: act as that account, or have it grant this one the right to write.`
}
