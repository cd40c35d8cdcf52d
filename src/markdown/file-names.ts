import { createHash } from 'node:crypto'
import { InvalidInput } from '../errors.ts'

/** What stands in an export's folder itself, and says what it is. */
export const markerName = '.hivewax-export'

export const extension = '.md'

/** Most bytes of a part of a path: file systems take 255, some less once they have encoded them. */
const mostBytes = 180

/** Characters that every file system takes, and people can read. */
const odd = /[^\p{L}\p{N}._~@+=,; -]/gu

/** Names that Windows keeps to itself. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/** Gives each record of an export a path of its own: `default/decision/db.md`. */
export class FileNames {
  readonly #taken = new Set<string>()

  /** The path in the folder, with `/` between its parts, of the record that is named next. The same order gives the same paths. */
  next(namespace: string, key: string): string {
    const parts = [segment(namespace), ...key.split('/').map(part => segment(part))]
    const path = parts.join('/')
    const name =
      this.#take(`${path}${extension}`) ?? `${path}~${digest(JSON.stringify([namespace, key]))}${extension}`
    this.#taken.add(folded(name))
    return name
  }

  /** Whether a record has the file of this name, or of one that some file systems take for the same. */
  has(name: string): boolean {
    return this.#taken.has(folded(name))
  }

  /** Undefined where another record has it. */
  #take(name: string): string | undefined {
    return this.has(name) ? undefined : name
  }
}

/** What a path says of the record of a file that does not say it itself. */
export function nameFromPath(path: string): { namespace: string; key: string } {
  const [namespace = '', ...parts] = path.slice(0, -extension.length).split('/').map(decoded)
  return { namespace, key: parts.join('/') }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    throw new InvalidInput(`${part} has a % that is not followed by the number of a character`, {
      cause: error,
    })
  }
}

/** A part of a key as the name of a folder or file; other keys do not give the same one but for their case. */
function segment(text: string): string {
  const encoded = text
    .replace(odd, encode)
    // A name that is nothing, hidden, or leads elsewhere; one whose end Windows drops; and that of a file.
    .replace(/^\./, encode)
    .replace(/[. ]$/, encode)
    .replace(/\.(?=md$)/i, encode)
    .replace(reserved, name => `${encode(name.charAt(0))}${name.slice(1)}`)
  if (encoded === '') return '%2F'
  return Buffer.byteLength(encoded) <= mostBytes ? encoded : `${cut(encoded)}~${digest(text)}`
}

function encode(character: string): string {
  return [...Buffer.from(character)]
    .map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}

/** As much of the beginning as there is room for, without a broken character at its end. */
function cut(text: string): string {
  let end = text.length
  while (Buffer.byteLength(text.slice(0, end)) > mostBytes - 10) end--
  return text
    .slice(0, end)
    .replace(/%.?$/, '')
    .replace(/[\ud800-\udbff]$/, '')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

/** Two names that differ in this not are one file on some file systems. */
function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
