import fs from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { fileError, systemCode } from '../util/file-error.ts'

/** The absolute form of a path from outside. */
export function checkPath(file: unknown): string {
  return path.resolve(checkName('path', file, 4096))
}

/** The file that holds the checksum of another, in the form of `sha256sum`. */
export function checksumFile(file: string): string {
  return `${file}.sha256`
}

/** The checksum that was written beside a file, or undefined when there is none. */
export async function readChecksum(file: string): Promise<string | undefined> {
  const beside = checksumFile(file)
  try {
    const [digest] = /^[0-9a-f]{64}\b/.exec(await fs.readFile(beside, 'utf8')) ?? []
    if (digest !== undefined) return digest
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, beside)
  }
  throw new InvalidInput(`${beside} is no checksum`, { hint: 'It is in the way: move it elsewhere.' })
}
