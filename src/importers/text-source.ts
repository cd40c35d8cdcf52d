import fs from 'node:fs/promises'
import { Corrupt, InvalidInput } from '../errors.ts'
import { checkHeader, checkRecord, type Header } from '../maintenance/transfer/export-format.ts'
import { lines } from '../maintenance/transfer/read-export.ts'
import { parseKeeping } from '../util/exact-json.ts'
import { isObject, type Json } from '../util/json.ts'
import { isLine, lineItems, readDocument } from './json-document.ts'
import type { Item, Origin, Source } from './source.ts'

/** A larger document would not fit into one string of JavaScript with room to work. */
const maxDocumentBytes = 256 * 1024 * 1024

/** A file of JSON or NDJSON, recognized by its shape. All of it is checked before the first record is handed out. */
export async function openTextSource(file: string, origin: Origin): Promise<Source> {
  const { size } = await fs.stat(file)
  const value = size > maxDocumentBytes ? undefined : await readWhole(file)
  if (value === undefined || isLine(value) || (isExport(value) && !('records' in value))) {
    return openLines(file, origin)
  }
  if (isExport(value)) return exportSource(file, value, origin)
  const document = readDocument(value)
  if (document === undefined) throw unknown(file, 'it is JSON, but holds no records')
  return { file, format: document.format, items: () => document.items(origin), close: () => {} }
}

/** Undefined when the first line is JSON by itself and the whole is not: then it is a record per line. */
async function readWhole(file: string): Promise<Json | undefined> {
  const text = decode(await fs.readFile(file), file)
  if (text.trim() === '') throw unknown(file, 'it is empty')
  try {
    return parseKeeping(text)
  } catch (error) {
    const [first = ''] = text.trimStart().split('\n', 1)
    if (parse(first) !== undefined) return undefined
    const reason = error instanceof Error ? error.message : String(error)
    if (!/^\s*[[{]/.test(text)) throw unknown(file, 'it is neither an SQLite database nor JSON')
    throw new Corrupt(`${file} is damaged: it begins as JSON, but ${reason}`, { cause: error })
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw unknown(file, 'it is neither an SQLite database nor text', error)
  }
}

function parse(text: string): Json | undefined {
  try {
    return parseKeeping(text)
  } catch {
    return undefined
  }
}

function unknown(file: string, why: string, cause?: unknown): InvalidInput {
  return new InvalidInput(`${file} is nothing that can be imported: ${why}`, {
    cause,
    hint: 'hivewax imports the stores of claude-flow and ruflo, server-memory files, JSON and NDJSON with keys and values, and its own exports.',
  })
}

function isExport(value: Json): value is { [name: string]: Json } {
  return isObject(value) && typeof value.format === 'string' && value.format.startsWith('hivewax-')
}

function exportSource(file: string, value: { [name: string]: Json }, origin: Origin): Source {
  const header = checkHeader(value, file)
  const records = Array.isArray(value.records) ? value.records : []
  const all = records.map((record, i) => exportItem({ value: record, at: `records[${i}]` }, header, origin))
  return { file, format: 'hivewax export', items: () => all, close: () => {} }
}

/** A value of a file, and where in it: as an error names it. */
interface Located {
  readonly value: Json
  readonly at: string
}

function exportItem({ value, at }: Located, { namespace }: Header, origin: Origin): Item {
  const { expiresAt, ...record } = checkRecord(value, at, origin.maxValueBytes)
  const section = 'records'
  const isExpired = expiresAt !== undefined && expiresAt <= origin.now
  if (isExpired && !origin.expired) return { section, left: 'expired', count: 1 }
  return {
    section,
    record: {
      ...record,
      kind: 'memory',
      namespace,
      value: JSON.parse(record.value),
      metadata: record.metadata === undefined ? undefined : JSON.parse(record.metadata),
      expiresAt: isExpired ? undefined : expiresAt,
    },
  }
}

/** A file with a record in each line, of which the first of our own exports describes the others. */
async function openLines(file: string, origin: Origin): Promise<Source> {
  let total = 0
  let header: Header | undefined
  let isGraph = false
  for await (const { value, at } of values(file)) {
    if (total === 0 && header === undefined && isExport(value)) header = checkHeader(value, file)
    else if (header !== undefined) checkRecord(value, at, origin.maxValueBytes)
    else if (!isLine(value)) throw unknown(file, `${at} has no key and value, nor an id`)
    else isGraph ||= 'type' in value && !('key' in value)
    if (header === undefined || !isExport(value)) total++
  }
  const format = header !== undefined ? 'hivewax export' : isGraph ? 'server-memory' : 'NDJSON records'
  return { file, format, items: () => readItems(file, header, origin), close: () => {} }
}

async function* readItems(file: string, header: Header | undefined, origin: Origin): AsyncGenerator<Item> {
  let isFirst = true
  for await (const { value, at } of values(file)) {
    const isHeader = isFirst && header !== undefined
    isFirst = false
    if (isHeader) continue
    if (header !== undefined) yield exportItem({ value, at }, header, origin)
    else if (isObject(value)) yield* lineItems(value, origin)
  }
}

async function* values(file: string): AsyncGenerator<Located> {
  let number = 0
  for await (const line of lines(file)) {
    number++
    if (line.trim() === '') continue
    const value = parse(number === 1 ? line.replace(/^\uFEFF/, '') : line)
    if (value === undefined) throw new Corrupt(`${file} is damaged: line ${number} is not JSON`)
    yield { value, at: `line ${number}` }
  }
}
