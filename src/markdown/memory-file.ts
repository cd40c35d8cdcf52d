import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Author, authorFrom, encodeAuthor } from '../db/author.ts'
import { InvalidInput } from '../errors.ts'
import type { MemoryRecord } from '../kv/record.ts'
import { parseExactly } from '../util/exact-json.ts'
import type { Json } from '../util/json.ts'
import { checkTime } from '../util/time.ts'
import { type FrontMatter, jsonField, readFrontMatter, textField, writeFrontMatter } from './front-matter.ts'

/** What a record of key-value memory is in a Markdown file of its own. */
export interface MemoryFile {
  /** Undefined where the place of the file tells it. */
  readonly key: string | undefined
  readonly namespace: string | undefined
  readonly value: Json
  readonly metadata: Json | undefined
  /** Undefined, as the two that follow, where the file does not say so. */
  readonly createdAt: Date | undefined
  readonly updatedAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly author: Author | undefined
  /** True of what {@link writeMemoryFile} has not written so: somebody has made or changed it since. */
  readonly isEdited: boolean
}

type Content = Omit<MemoryRecord, 'revision'>

/**
 * A record as Markdown with front matter: a text as it is, any other value as JSON. A checksum of it all tells later whether
 * somebody has changed the file.
 */
export function writeMemoryFile(record: Content): string {
  const isText = typeof record.value === 'string' && !record.value.includes('\r')
  const body = isText ? `${record.value}` : `\`\`\`json\n${JSON.stringify(record.value, null, 2)}\n\`\`\``
  const { author, metadata } = record
  const fields: [string, Json | undefined][] = [
    ['key', record.key],
    ['namespace', record.namespace],
    ['created', record.createdAt.toISOString()],
    ['updated', record.updatedAt.toISOString()],
    ['expires', record.expiresAt?.toISOString()],
    ['author', author && JSON.parse(encodeAuthor(author))],
    ['metadata', metadata],
    ['value', isText ? undefined : 'json'],
  ]
  const rest = `\n${body}\n`
  const checksum = checksumOf(writeFrontMatter(fields) + rest)
  return writeFrontMatter([...fields, ['checksum', checksum]]) + rest
}

/**
 * What a file holds. One without front matter of ours is a text, all of it.
 * @throws InvalidInput when it begins as one of ours, and its fields or its JSON cannot be read
 */
export function readMemoryFile(source: string): MemoryFile {
  // As git checks files out on Windows; what has line ends of its own to keep is JSON.
  const text = source.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  // A power cut may leave a file with nothing in it, or with bytes that nobody has written.
  if (/^[\s\0]*$/.test(text)) throw new InvalidInput('it is empty')
  const matter = readFrontMatter(text)
  const isEdited = matter?.fields.get('checksum') !== checksumOf(text.replace(/^checksum: .*\n/m, ''))
  if (isEdited && /^<{7} [\s\S]*^>{7} /m.test(text))
    throw new InvalidInput('it has conflicts that git has marked: choose between them first')
  if (matter === undefined || !isOurs(matter)) return plainText(text)
  if (matter.odd !== undefined) throw new InvalidInput(`this line is not \`name: value\`: ${matter.odd}`)
  return {
    key: textField(matter, 'key'),
    namespace: textField(matter, 'namespace'),
    value: readValue(matter),
    metadata: jsonField(matter, 'metadata'),
    createdAt: timeField(matter, 'created'),
    updatedAt: timeField(matter, 'updated'),
    expiresAt: timeField(matter, 'expires'),
    author: authorFrom(jsonField(matter, 'author')),
    isEdited,
  }
}

/** Whether a record holds just what a file says, whoever wrote either, and when. */
export function isSame(file: MemoryFile, record: Content): boolean {
  const [said, held] = [file, record].map(({ value, metadata, expiresAt }) => ({
    value,
    metadata,
    expiresAt,
  }))
  return isDeepStrictEqual(said, held)
}

/** That of somebody else has a meaning that is not ours, and stays in the text. */
function isOurs({ fields, odd }: FrontMatter): boolean {
  return fields.has('checksum') || (fields.has('key') && odd === undefined)
}

function plainText(text: string): MemoryFile {
  const none = { key: undefined, namespace: undefined, metadata: undefined, author: undefined }
  const times = { createdAt: undefined, updatedAt: undefined, expiresAt: undefined }
  return { ...none, ...times, value: text.replace(/\n$/, ''), isEdited: true }
}

function readValue(matter: FrontMatter): Json {
  const text = matter.body.replace(/^\n/, '').replace(/\n$/, '')
  if (textField(matter, 'value') !== 'json') return text
  const [, inside = text] = /^\s*```json\n([\s\S]*)\n```\s*$/.exec(text) ?? []
  return parseExactly('the value', inside)
}

function timeField(matter: FrontMatter, name: string): Date | undefined {
  const text = textField(matter, name)
  return text === undefined ? undefined : checkTime(name, new Date(text))
}

function checksumOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}
