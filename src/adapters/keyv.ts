import { EventEmitter } from 'node:events'
import type { KeyvStorageAdapter, KeyvStorageCapability, KeyvStorageEntry, KeyvStorageGetResult } from 'keyv'
import type { StoreOptions } from '../kv/kv.ts'
import type { Memory } from '../memory.ts'
import { asName, baseNamespace, keyMetadata, maxNamespaceBytes, originalKey, scan } from './records.ts'

export interface KeyvOptions {
  /** The store's namespace; of a Keyv with a namespace of its own it is the beginning. Default `keyv`. */
  namespace?: string | undefined
}

const method = { exists: true, methodType: 'async' } as const

/** As Keyv 6 asks for: used as it is, and told when an entry expires. */
const capabilities: KeyvStorageCapability = {
  compatible: true,
  store: 'keyvStorage',
  expires: true,
  methods: {
    ...{ get: method, getMany: method, has: method, hasMany: method, set: method, setMany: method },
    ...{ delete: method, deleteMany: method, clear: method, disconnect: method, iterator: method },
  },
}

/**
 * The storage adapter of Keyv 6 over the store. What is set is durable when the promise resolves and shared by all
 * processes; entries expire by the store's clock, to the millisecond. A failure is thrown, and emitted by Keyv.
 */
export class HivewaxKeyv extends EventEmitter implements KeyvStorageAdapter {
  /** Set by Keyv: each of its namespaces is one of the store's. */
  namespace?: string | undefined
  readonly capabilities = capabilities
  readonly #memory: Memory
  readonly #base: string

  constructor(memory: Memory, { namespace = 'keyv' }: KeyvOptions = {}) {
    super()
    this.#memory = memory
    // The hash of a long namespace has to fit behind it.
    this.#base = baseNamespace(namespace, '/#'.length + 64)
  }

  async get<Value>(key: string): Promise<KeyvStorageGetResult<Value>> {
    const value = await this.#memory.kv.retrieve(asName(key), this.#place())
    // Keyv knows what it has stored.
    return value as KeyvStorageGetResult<Value>
  }

  async getMany<Value>(keys: string[]): Promise<KeyvStorageGetResult<Value | undefined>[]> {
    const found = await this.#memory.kv.retrieveMany(
      keys.map(key => asName(key)),
      this.#place(),
    )
    return keys.map(key => found.get(asName(key)) as KeyvStorageGetResult<Value | undefined>)
  }

  async has(key: string): Promise<boolean> {
    return (await this.#memory.kv.get(asName(key), this.#place())) !== undefined
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.#memory.kv.retrieveMany(
      keys.map(key => asName(key)),
      this.#place(),
    )
    return keys.map(key => found.has(asName(key)))
  }

  /** @param expires milliseconds since 1970; in the past: the key is absent */
  async set(key: string, value: unknown, expires?: number): Promise<boolean> {
    await this.#memory.kv.store(asName(key), value, this.#options(key, expires))
    return true
  }

  /** All entries or, when one is refused, none. */
  async setMany<Value>(entries: KeyvStorageEntry<Value>[]): Promise<boolean[]> {
    await this.#memory.kv.storeMany(
      entries.map(({ key, value, expires }) => ({ key: asName(key), value, ...this.#options(key, expires) })),
    )
    return entries.map(() => true)
  }

  async delete(key: string): Promise<boolean> {
    return this.#memory.kv.delete(asName(key), this.#place())
  }

  async deleteMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map(key => this.delete(key)))
  }

  /** Deletes the entries of the current namespace, at once. */
  async clear(): Promise<void> {
    await this.#memory.kv.clearNamespace(this.#place().namespace)
  }

  /** The entries of the current namespace, in key order. */
  async *iterator<Value>(): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    for await (const record of scan(this.#memory, this.#place().namespace)) {
      yield [originalKey(record), record.value as Awaited<Value>]
    }
  }

  /** As Keyv types them. */
  override listeners(name: string | symbol): ((...args: unknown[]) => void)[] {
    return super.listeners(name) as ((...args: unknown[]) => void)[]
  }

  override rawListeners(name: string | symbol): ((...args: unknown[]) => void)[] {
    return super.rawListeners(name) as ((...args: unknown[]) => void)[]
  }

  /** Does nothing: the memory is closed by who opened it. */
  async disconnect(): Promise<void> {}

  #place(): { namespace: string } {
    if (this.namespace === undefined) return { namespace: this.#base }
    const prefix = `${this.#base}/`
    return { namespace: prefix + asName(this.namespace, maxNamespaceBytes - prefix.length) }
  }

  #options(key: string, expires: number | undefined): StoreOptions {
    const expiresAt = expires === undefined ? undefined : new Date(expires)
    return { ...this.#place(), metadata: keyMetadata(key), expiresAt }
  }
}
