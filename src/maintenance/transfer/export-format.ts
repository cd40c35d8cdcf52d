import { type Author, authorFrom } from '../../db/author.ts'
import { verified } from '../../db/checksums.ts'
import { InvalidInput } from '../../errors.ts'
import { checkName, describe } from '../../util/check.ts'
import { encodeJson, isObject, type Json } from '../../util/json.ts'
import { checkTime, toDate } from '../../util/time.ts'

/** The name and version of the files that `exportNamespace` writes and `importNamespace` reads. */
const format = 'hivewax-namespace'
const version = 1

/**
 * What an export says of itself: all of a JSON document but its records, or the first line of an NDJSON file.
 */
export interface Header {
  format: typeof format
  version: typeof version
  namespace: string
  exportedAt: string
}

/** A row of memory_store. */
export interface RecordRow {
  key: string
  value: string
  metadata: string | null
  created_at: string | Date
  updated_at: string | Date
  expires_at: string | Date | null
  revision: number
  namespace: string
  author: string | null
  crc: number | null
}

/** A checked record of a file; value and metadata are JSON text. */
export interface ImportRecord {
  key: string
  value: string
  metadata: string | undefined
  createdAt: Date
  updatedAt: Date
  expiresAt: Date | undefined
  /** Who wrote it, where the file says so. */
  author: Author | undefined
}

export function header(namespace: string, nowMs: number): Header {
  return { format, version, namespace, exportedAt: new Date(nowMs).toISOString() }
}

/** One record as one line of JSON. Values keep their text, and with it every digit of it. */
export function recordLine(row: RecordRow): string {
  verified('memory_store', row)
  const fields = [
    `"key":${JSON.stringify(row.key)}`,
    `"value":${jsonText(row.value)}`,
    ...(row.metadata === null ? [] : [`"metadata":${jsonText(row.metadata)}`]),
    `"createdAt":"${toDate(row.created_at).toISOString()}"`,
    `"updatedAt":"${toDate(row.updated_at).toISOString()}"`,
    ...(row.expires_at === null ? [] : [`"expiresAt":"${toDate(row.expires_at).toISOString()}"`]),
    `"revision":${row.revision}`,
    ...(row.author === null ? [] : [`"author":${jsonText(row.author)}`]),
  ]
  return `{${fields.join(',')}}`
}

/** A foreign writer may have left plain text, which reads as a string, or JSON in several lines. */
function jsonText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return JSON.stringify(text)
  }
  // Within JSON text a line break can only stand between tokens.
  return text.replace(/[\r\n]+/g, ' ')
}

export function checkHeader(value: Json, file: string): Header {
  if (!isObject(value) || value.format !== format) {
    throw new InvalidInput(`${file} is no export of hivewax: its "format" is not "${format}"`)
  }
  if (value.version !== version) {
    throw new InvalidInput(
      `${file} has version ${describe(value.version)} of the format; this hivewax reads ${version}`,
    )
  }
  const namespace = checkName('namespace', value.namespace, 128)
  return { format, version, namespace, exportedAt: String(value.exportedAt) }
}

/** @param at names the record in the error */
export function checkRecord(value: Json, at: string, maxValueBytes: number): ImportRecord {
  if (!isObject(value)) throw new InvalidInput(`${at} must be an object, got ${describe(value)}`)
  const { key, metadata, createdAt, updatedAt, expiresAt, author } = value
  return {
    key: checkName(`${at}.key`, key),
    value: encodeJson(`${at}.value`, value.value, maxValueBytes),
    metadata: metadata === undefined ? undefined : encodeJson(`${at}.metadata`, metadata, maxValueBytes),
    createdAt: time(`${at}.createdAt`, createdAt),
    updatedAt: time(`${at}.updatedAt`, updatedAt),
    expiresAt: expiresAt === undefined ? undefined : time(`${at}.expiresAt`, expiresAt),
    author: authorFrom(author),
  }
}

function time(what: string, text: Json | undefined): Date {
  return checkTime(what, new Date(typeof text === 'string' ? text : Number.NaN))
}
