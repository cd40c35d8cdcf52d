import type { KeyvBridgeStore } from 'keyv'
import type { Memory } from '../memory.ts'
import type { Json } from '../util/json.ts'
import { asName, baseNamespace, keyMetadata, maxNamespaceBytes, originalKey, scan } from './records.ts'

export interface KeyvOptions {
  /** The store's namespace; of a Keyv with a namespace of its own it is the beginning. Default `keyv`. */
  namespace?: string | undefined
}

/** What `setMany` takes. */
export interface KeyvEntry {
  key: string
  value: unknown
  /** Milliseconds until the entry expires. Default: it does not. */
  ttl?: number | undefined
}

/** What Keyv puts between its namespace and a key. */
const separator = '::'

/**
 * The storage adapter of Keyv 6 over the store. What is set is durable when the promise resolves and shared by all
 * processes; entries expire by the store's clock, to the millisecond. A failure is thrown, and emitted by Keyv.
 *
 * One adapter serves any number of Keyvs. It declares neither a `namespace` nor that it takes absolute times: an adapter
 * that does is used as it is, and the namespace of the last Keyv then holds for all of them. Keyv puts a bridge before
 * any other, one for each Keyv, which hands over its namespace with every key.
 */
export class HivewaxKeyv implements KeyvBridgeStore {
  readonly #memory: Memory
  readonly #base: string

  constructor(memory: Memory, { namespace = 'keyv' }: KeyvOptions = {}) {
    this.#memory = memory
    // The hash of a long namespace has to fit behind it.
    this.#base = baseNamespace(namespace, '/#'.length + 64)
  }

  async get(key: string): Promise<Json | undefined> {
    const { name, namespace } = this.#place(key)
    return this.#memory.kv.retrieve(name, { namespace })
  }

  async getMany(keys: string[]): Promise<(Json | undefined)[]> {
    const found = await this.#retrieve(keys)
    return keys.map(key => found.get(key))
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.#retrieve(keys)
    return keys.map(key => found.has(key))
  }

  /** @param ttl milliseconds until the entry expires. Default: it does not. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const { name, namespace, metadata } = this.#place(key)
    await this.#memory.kv.store(name, value, { namespace, metadata, ttl: seconds(ttl) })
    return true
  }

  /** All entries or, when one is refused, none. */
  async setMany(entries: KeyvEntry[]): Promise<boolean[]> {
    const records = entries.map(({ key, value, ttl }) => {
      const { name, namespace, metadata } = this.#place(key)
      return { key: name, value, namespace, metadata, ttl: seconds(ttl) }
    })
    await this.#memory.kv.storeMany(records)
    return entries.map(() => true)
  }

  async delete(key: string): Promise<boolean> {
    const { name, namespace } = this.#place(key)
    return this.#memory.kv.delete(name, { namespace })
  }

  async deleteMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map(key => this.delete(key)))
  }

  /** Deletes the entries of Keyvs without a namespace, at once. Those of a namespace Keyv finds and deletes itself. */
  async clear(): Promise<void> {
    await this.#memory.kv.clearNamespace(this.#base)
  }

  /** The entries of a Keyv's namespace, or of Keyvs without one, in key order. */
  async *iterator(namespace?: string): AsyncGenerator<[key: string, value: Json], void> {
    const beginning = namespace === undefined ? '' : namespace + separator
    const place = this.#place(beginning)
    const before = beginning.slice(0, beginning.length - place.key.length)
    for await (const record of scan(this.#memory, place.namespace)) {
      const key = originalKey(record)
      if (key.startsWith(place.key)) yield [before + key, record.value]
    }
  }

  /** Does nothing: the memory is closed by who opened it. */
  async disconnect(): Promise<void> {}

  /** Those of the keys that are there, with their values. */
  async #retrieve(keys: readonly string[]): Promise<Map<string, Json>> {
    const found = new Map<string, Json>()
    const places = keys.map(text => ({ text, ...this.#place(text) }))
    for (const [namespace, group] of Map.groupBy(places, place => place.namespace)) {
      const names = group.map(({ name }) => name)
      const values = await this.#memory.kv.retrieveMany(names, { namespace })
      for (const { text, name } of group) {
        const value = values.get(name)
        if (value !== undefined) found.set(text, value)
      }
    }
    return found
  }

  /** Each namespace of Keyv is one of the store's. */
  #place(text: string): Place {
    const end = text.indexOf(separator)
    const key = end === -1 ? text : text.slice(end + separator.length)
    return {
      namespace: end === -1 ? this.#base : this.#below(text.slice(0, end)),
      key,
      name: asName(key),
      metadata: keyMetadata(key),
    }
  }

  #below(namespace: string): string {
    const before = `${this.#base}/`
    return before + asName(namespace, maxNamespaceBytes - before.length)
  }
}

/** Where an entry is. */
interface Place {
  namespace: string
  /** The key without what Keyv put before it, and the name that the store has for it. */
  key: string
  name: string
  metadata: { key: string } | undefined
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}
