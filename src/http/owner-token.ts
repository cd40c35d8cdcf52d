import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { newTokenText, writeToken } from '../tokens/token.ts'
import { fileError, systemCode } from '../util/file-error.ts'

/** Where the token of a store's owner lies: in its `.swarm` folder, or beside its file and named after it. */
export function ownerTokenFile(storeFile: string): string {
  const folder = path.dirname(storeFile)
  return path.basename(folder) === '.swarm' ? path.join(folder, 'token') : `${storeFile}.token`
}

/** The owner's token, made at random when there is none: a file that only its user can read (0600). */
export function ownerToken(file: string): string {
  return keepOwnerToken(file, writeToken(newTokenText()))
}

/** Writes the owner's token where there is none. Returns the one that is there then. */
export function keepOwnerToken(file: string, token: string): string {
  // Whole from the first moment that it bears its name: another server may look for it right now.
  const draft = `${file}.${process.pid}`
  try {
    fs.writeFileSync(draft, `${token}\n`, { flag: 'wx', mode: 0o600 })
    fs.linkSync(draft, file)
    return token
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return readOwnerToken(file)
    throw fileError(error, file)
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** @throws InvalidInput when others can read the file, or it holds no token */
function readOwnerToken(file: string): string {
  const { mode } = fs.statSync(file)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new InvalidInput(`${file} can be read by others`, {
      hint: `Delete it, and a new one is made; or: chmod 600 ${file}`,
    })
  }
  const token = fs.readFileSync(file, 'utf8').trim()
  if (token.length >= 32) return token
  throw new InvalidInput(`${file} holds no token`, { hint: 'Delete it, and a new one is made.' })
}
