import { createHash } from 'node:crypto'
import { Conflict } from '../errors.ts'
import type { MemoryRecord } from '../kv/record.ts'
import type { Memory } from '../memory.ts'
import type { Transaction } from '../transaction.ts'
import { checkName } from '../util/check.ts'
import { isObject, type Json } from '../util/json.ts'

/** The longest key and namespace that the store takes, in bytes. */
const maxKeyBytes = 512
export const maxNamespaceBytes = 128

/** How long the part of a pattern may be that a scan hands to the store; the rest is compared here. */
const maxPatternLength = 200

/**
 * A text of a framework as a name that the store takes: itself when it can be one, else `#` and its SHA-256. No two
 * texts get the same name.
 */
export function asName(text: string, maxBytes = maxKeyBytes): string {
  const isName = text !== '' && !text.startsWith('#') && text.isWellFormed() && !text.includes('\0')
  if (isName && Buffer.byteLength(text) <= maxBytes) return text
  // JSON tells lone surrogates apart, UTF-8 does not.
  return `#${createHash('sha256').update(JSON.stringify(text)).digest('hex')}`
}

/** The metadata to keep beside a record so that `originalKey` finds the key that `asName` had to replace. */
export function keyMetadata(key: string): { key: string } | undefined {
  return asName(key) === key ? undefined : { key }
}

/** The framework's own key of a record. */
export function originalKey({ key, metadata }: MemoryRecord): string {
  return metadata !== undefined && isObject(metadata) && typeof metadata.key === 'string' ? metadata.key : key
}

/** The namespace that an adapter was told to keep its records in; `reserve` bytes are for what it appends. */
export function baseNamespace(namespace: string, reserve = 0): string {
  return checkName('namespace', namespace, maxNamespaceBytes - reserve)
}

export interface ScanOptions {
  /** What the keys begin with. Default: anything. */
  readonly prefix?: string | undefined
  /** How many records are read at a time. Default 1,000. */
  readonly pageSize?: number | undefined
}

/** The records whose key begins with a text, in key order, read page by page, values and all. */
export async function* scan(
  memory: Memory | Transaction,
  namespace: string,
  { prefix = '', pageSize = 1_000 }: ScanOptions = {},
): AsyncGenerator<MemoryRecord, void, undefined> {
  const glob = `${literal(prefix)}*`
  let cursor: string | undefined
  do {
    const page = await memory.kv.search(glob, { namespace, limit: pageSize, cursor })
    for (const record of page.items) if (record.key.startsWith(prefix)) yield record
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** A pattern for texts that begin with this one, or with as much of it as a pattern can hold. */
function literal(prefix: string): string {
  let pattern = ''
  for (const character of prefix) {
    const next = '*?['.includes(character) ? `[${character}]` : character
    if (pattern.length + next.length > maxPatternLength) break
    pattern += next
  }
  return pattern
}

/** The object that an adapter stored, or undefined when another program stored something else under its key. */
export function fields(value: Json | undefined): { [name: string]: Json } | undefined {
  return value !== undefined && isObject(value) ? value : undefined
}

/** Whether a write was refused since another came before it: to be decided anew on what is there now. */
export function isLostRace(error: unknown): boolean {
  return error instanceof Conflict && error.code === 'conflict' && error.details?.revision !== undefined
}
