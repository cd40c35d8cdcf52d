import { type Author, authorFrom } from '../db/author.ts'
import type { IncomingMemory } from '../maintenance/transfer/incoming-record.ts'
import { isObject, type Json } from '../util/json.ts'
import {
  decodeValue,
  digest,
  filled,
  firstTime,
  fitName,
  textOf,
  toJson,
  withImported,
} from './convert-values.ts'
import type { Fields, Item, Origin } from './source.ts'

const createdNames = ['created_at', 'createdAt', 'timestamp', 'ts', 'created']
const updatedNames = ['updated_at', 'updatedAt']
const expiryNames = ['expires_at', 'expiresAt']

/** Fields that have a place of their own in a record, or say nothing when they are as here. */
const placed = new Set([
  ...['key', 'namespace', 'value', 'content', 'metadata', 'embedding', 'size', 'hasEmbedding'],
  ...[...createdNames, ...updatedNames, ...expiryNames],
])
const meaningless = new Map<string, Json>([
  ['status', 'active'],
  ['access_count', 0],
  ['accessCount', 0],
  ['compressed', 0],
  ['provenance_type', 'unknown'],
])

/** True of fields that hold a record of key-value memory. */
export function isMemory(fields: object): boolean {
  return 'key' in fields && ('value' in fields || 'content' in fields)
}

/** Where in a file a record came from. */
export interface Provenance {
  /** The table or section. */
  readonly section: string
  /** How the record's metadata names it. Default: as the section. */
  readonly from?: string
}

/** The items of one record of key-value memory, in any of its shapes. */
export function* memoryItems(
  fields: Fields,
  origin: Origin,
  { section, from = section }: Provenance,
): Generator<Item> {
  const { record, inMetadata } = toMemory(fields, origin, from)
  if (fields.status === 'deleted') return yield { section, left: 'deleted', count: 1, gone: record }
  const isExpired = record.expiresAt !== undefined && record.expiresAt <= origin.now
  if (isExpired && !origin.expired) yield { section, left: 'expired', count: 1, gone: record }
  else yield { section, record: isExpired ? { ...record, expiresAt: undefined } : record, inMetadata }
  if (!isEmbedded(fields.embedding)) return
  if (origin.vectors) yield { section: `${section}.embedding`, record: vector(fields, record) }
  else yield { section: `${section}.embedding`, left: 'derived', count: 1 }
}

function toMemory(
  fields: Fields,
  origin: Origin,
  from: string,
): { record: IncomingMemory; inMetadata: number } {
  const createdAt = firstTime(fields, createdNames)
  const updatedAt = firstTime(fields, updatedNames) ?? createdAt ?? origin.changedAt
  const key = textOf(fields.key) ?? String(toJson(fields.id ?? fields.key) ?? '')
  const namespace = textOf(fields.namespace) ?? textOf(fields.swarm_id) ?? origin.namespace
  const author = authorFrom(toJson(fields.author))
  const fitting = { key: fitName(key), namespace: fitName(namespace, 128) }
  const rest = {
    ...(fitting.key !== key && { key }),
    ...(fitting.namespace !== namespace && { namespace }),
    ...unplaced(fields, author),
  }
  const record: IncomingMemory = {
    kind: 'memory',
    ...fitting,
    value: decodeValue(storedValue(fields)),
    metadata: withImported(toJson(fields.metadata), from, rest),
    createdAt: createdAt ?? updatedAt,
    updatedAt,
    expiresAt: firstTime(fields, expiryNames),
    author,
  }
  return { record, inMetadata: Object.keys(rest).length }
}

/** Version 3 adds an empty `content` to the tables of version 2, where the data stays in `value`. */
function storedValue({ value, content }: Fields): Json | Uint8Array | undefined {
  return value === undefined || value === null ? (content ?? value) : value
}

/** An author that is one of ours has its place; what another program calls so has none. */
function unplaced(fields: Fields, author: Author | undefined): { [name: string]: Json } {
  const skipped = new Set(placed)
  if (author !== undefined) skipped.add('author')
  for (const [name, nothing] of meaningless) if (fields[name] === nothing) skipped.add(name)
  if (fields.value !== undefined && fields.value !== null && fields.content) skipped.delete('content')
  return filled(fields, skipped)
}

function isEmbedded(embedding: Json | Uint8Array | undefined): boolean {
  return embedding !== undefined && embedding !== null && embedding !== ''
}

/** A vector by itself, so that reading the memory does not drag it along. */
function vector(fields: Fields, { namespace, key, createdAt, updatedAt }: IncomingMemory): IncomingMemory {
  const id = textOf(fields.id) ?? digest(JSON.stringify([namespace, key]))
  return {
    kind: 'memory',
    namespace: 'claude-flow:embedding',
    key: fitName(id),
    value: { namespace, key, vector: decodeValue(fields.embedding) },
    createdAt,
    updatedAt,
  }
}

/** A row or object without a place of its own. */
export interface Unplaced {
  /** The table or section that it was in. */
  readonly section: string
  /** What identifies it in its section; a mere number does so only together with its content. */
  readonly id: Json
  readonly fields: Fields
}

/** Keeps a row or object whole, in a namespace that is named after where it was. */
export function keptWhole({ section, id, fields }: Unplaced, origin: Origin): Item {
  const value = filled(fields)
  const text = typeof id === 'string' && id !== '' ? id : `${id ?? ''}-${digest(JSON.stringify(value))}`
  const createdAt = firstTime(fields, [...createdNames, 'started_at', 'detected_at'])
  const updatedAt = firstTime(fields, updatedNames) ?? createdAt ?? origin.changedAt
  return {
    section,
    record: {
      kind: 'memory',
      namespace: fitName(`claude-flow:${section}`, 128),
      key: fitName(text),
      value,
      metadata: withImported(null, section, {}),
      createdAt: createdAt ?? updatedAt,
      updatedAt,
    },
  }
}

/** The fields of an object of a JSON file, or of its only field `value` when it is none. */
export function fieldsOf(value: Json): Fields {
  return isObject(value) ? value : { value }
}
