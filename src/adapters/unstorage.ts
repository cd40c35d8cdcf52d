import { setTimeout as pause } from 'node:timers/promises'
import type { Driver, StorageValue, TransactionOptions, WatchCallback } from 'unstorage'
import { Closed, InvalidInput } from '../errors.ts'
import type { StoreOptions } from '../kv/kv.ts'
import type { Memory } from '../memory.ts'
import { describe } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { asName, baseNamespace, keyMetadata, originalKey, scan } from './records.ts'
import { bytesFromStored, bytesToStored } from './values.ts'

export interface UnstorageOptions {
  memory: Memory
  /** Where the items are. Default `unstorage`. */
  namespace?: string | undefined
  /** Seconds until an item expires, unless `setItem` says otherwise. Default: never. */
  ttl?: number | undefined
  /** How often a watch looks for changes, in milliseconds. Default 500. */
  watchIntervalMs?: number | undefined
}

/**
 * A driver of unstorage over the store. What is set is durable when the promise resolves and shared by all processes;
 * `setItems` and `clear` take effect at once or not at all. A watch tells of the changes of all processes, by
 * comparing all items every `watchIntervalMs`: of several changes between two looks it tells the last.
 */
export function hivewaxDriver(options: UnstorageOptions): Driver<UnstorageOptions, Memory> {
  const { memory, namespace: given = 'unstorage', watchIntervalMs = 500 } = options
  const namespace = baseNamespace(given)
  const place = { namespace }
  const watches = new Set<AbortController>()

  const keys = async (base = '') => {
    const found: string[] = []
    for await (const record of scan(memory, namespace)) {
      const key = originalKey(record)
      if (key.startsWith(base)) found.push(key)
    }
    return found
  }
  const record = (key: string, value: unknown, opts: TransactionOptions = {}): NewItem => {
    const ttl = opts.ttl ?? options.ttl
    return {
      key: asName(key),
      value,
      ...place,
      metadata: keyMetadata(key),
      ...(ttl !== undefined && { ttl }),
    }
  }
  const store = async (item: NewItem) => {
    await memory.kv.storeMany([item])
  }

  return {
    name: 'hivewax',
    flags: { ttl: true },
    options,
    getInstance: () => memory,
    hasItem: async key => (await memory.kv.get(asName(key), place)) !== undefined,
    getItem: async key => asItem(await memory.kv.retrieve(asName(key), place)),
    getItems: async items => {
      const found = await memory.kv.retrieveMany(
        items.map(({ key }) => asName(key)),
        place,
      )
      return items.map(({ key }) => ({ key, value: asItem(found.get(asName(key))) }))
    },
    getItemRaw: async key => asBytes(await memory.kv.retrieve(asName(key), place)),
    setItem: (key, value, opts) => store(record(key, value, opts)),
    setItems: async (items, common) => {
      await memory.kv.storeMany(
        items.map(({ key, value, options }) => record(key, value, { ...common, ...options })),
      )
    },
    setItemRaw: async (key, value, opts) => store(record(key, fromBytes(value), opts)),
    removeItem: async key => {
      await memory.kv.delete(asName(key), place)
    },
    getMeta: async key => {
      const found = await memory.kv.get(asName(key), place)
      if (found === undefined) return null
      const { createdAt: birthtime, updatedAt: mtime, expiresAt } = found
      const ttl = expiresAt && Math.max(0, Math.ceil((expiresAt.getTime() - Date.now()) / 1_000))
      return { mtime, birthtime, ...(ttl !== undefined && { ttl }) }
    },
    getKeys: base => keys(base),
    clear: async base => {
      if (!base) return void (await memory.kv.clearNamespace(namespace))
      const cleared = await keys(base)
      await memory.transaction(async tx => {
        for (const key of cleared) await tx.kv.delete(asName(key), place)
      })
    },
    /** Ends the watches; the memory is closed by who opened it. */
    dispose: () => {
      for (const watch of watches) watch.abort()
    },
    watch: async callback => {
      const watch = new AbortController()
      watches.add(watch)
      const look = () => revisions(memory, namespace)
      const first = await look()
      void watchFrom(first, { look, callback, intervalMs: watchIntervalMs, signal: watch.signal })
      return () => {
        watches.delete(watch)
        watch.abort()
      }
    },
  }
}

type NewItem = { key: string; value: unknown } & StoreOptions

function fromBytes(value: unknown): unknown {
  if (typeof value === 'string') return value
  const isBytes = value instanceof Uint8Array || value instanceof ArrayBuffer
  if (!isBytes) throw new InvalidInput(`setItemRaw takes bytes or a string, got ${describe(value)}`)
  return bytesToStored(value instanceof Uint8Array ? value : new Uint8Array(value))
}

/** As a file would be read that was written as text or as bytes. */
function asItem(value: Json | undefined): StorageValue {
  return bytesFromStored(value)?.toString() ?? value ?? null
}

function asBytes(value: Json | undefined): Buffer | null {
  if (value === undefined) return null
  return bytesFromStored(value) ?? Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

async function revisions(memory: Memory, namespace: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const record of scan(memory, namespace)) found.set(originalKey(record), record.revision)
  return found
}

interface Watch {
  /** Reads the revisions of all items, by key. */
  readonly look: () => Promise<Map<string, number>>
  readonly callback: WatchCallback
  readonly intervalMs: number
  readonly signal: AbortSignal
}

/** Tells what changed between two looks, until `signal` aborts or the memory is closed. */
async function watchFrom(
  first: Map<string, number>,
  { look, callback, intervalMs, signal }: Watch,
): Promise<void> {
  let known = first
  while (!signal.aborted) {
    await pause(intervalMs, undefined, { signal, ref: false }).catch(() => {})
    if (signal.aborted) return
    try {
      const current = await look()
      if (signal.aborted) return
      for (const [key, revision] of current) if (known.get(key) !== revision) callback('update', key)
      for (const key of known.keys()) if (!current.has(key)) callback('remove', key)
      known = current
    } catch (error) {
      if (error instanceof Closed) return
      // Nothing is lost: the next look compares with what was last seen.
    }
  }
}
