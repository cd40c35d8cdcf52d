import {
  BaseStore,
  type GetOperation,
  type Item,
  type ListNamespacesOperation,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
  validateNamespace,
} from '@langchain/langgraph-checkpoint'
import { InvalidInput } from '../../errors.ts'
import type { StoreOptions } from '../../kv/kv.ts'
import type { MemoryRecord } from '../../kv/record.ts'
import type { Memory } from '../../memory.ts'
import type { Transaction } from '../../transaction.ts'
import {
  asName,
  baseNamespace,
  fields,
  keyMetadata,
  maxNamespaceBytes,
  originalKey,
  scan,
} from '../records.ts'
import { fromStored, toStored } from '../values.ts'
import { matchesCondition, matchesFilter } from './match.ts'

export interface StoreAdapterOptions {
  /** What the namespaces of the items begin with; there is one for each of LangGraph's. Default `langgraph`. */
  namespace?: string | undefined
}

/** As many results as full text gives at once. */
const maxFound = 100

/** The longest text to search for, in characters. */
const maxQuery = 1_000

/**
 * LangGraph's long-term memory over the store: items are records that every door of hivewax shows. A batch's writes
 * commit together, before its promise resolves; its reads see what was there before them. A `query` is full text (no
 * vectors), by all fields of an item: `index: false` hides it from queries, other values of `index` have no effect.
 */
export class HivewaxStore extends BaseStore {
  readonly #memory: Memory
  readonly #namespace: string

  constructor(memory: Memory, { namespace = 'langgraph' }: StoreAdapterOptions = {}) {
    super()
    this.#memory = memory
    // The hash of a long namespace has to fit behind it.
    this.#namespace = baseNamespace(namespace, '/store/#'.length + 64)
  }

  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, PutOperation>()
    for (const operation of operations) {
      if (!isPut(operation)) continue
      validateNamespace(operation.namespace, { allowReservedRoot: true })
      puts.set(JSON.stringify([operation.namespace, operation.key]), operation)
    }
    const results = await Promise.all(operations.map(operation => this.#read(operation)))
    if (puts.size > 0) await this.#write([...puts.values()])
    // One result for each operation, of its kind.
    return results as OperationResults<Op>
  }

  async #read(operation: Operation): Promise<unknown> {
    if (isPut(operation)) return undefined
    if ('namespacePrefix' in operation) return this.#search(operation)
    return 'key' in operation ? this.#item(operation) : this.#namespaces(operation)
  }

  async #item({ namespace, key }: GetOperation): Promise<Item | null> {
    const record = await this.#memory.kv.get(asName(key), { namespace: this.#place(namespace) })
    return record === undefined ? null : toItem(namespace, record)
  }

  async #write(puts: readonly PutOperation[]): Promise<void> {
    const stores = puts.flatMap(put => (put.value === null ? [] : [this.#record(put), this.#listed(put)]))
    const deleted = puts.filter(({ value }) => value === null)
    const write = async (memory: Memory | Transaction) => {
      await memory.kv.storeMany(stores)
      for (const { namespace, key } of deleted) {
        await memory.kv.delete(asName(key), { namespace: this.#place(namespace) })
      }
    }
    await (deleted.length === 0 ? write(this.#memory) : this.#memory.transaction(write))
  }

  #record({ namespace, key, value, index }: PutOperation): { key: string; value: unknown } & StoreOptions {
    const metadata = { ...keyMetadata(key), ...(index === false && { index: false }) }
    return {
      key: asName(key),
      value: toStored(value),
      namespace: this.#place(namespace),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    }
  }

  /** Says that a namespace exists: which ones begin with given labels is then read from an index. */
  #listed({ namespace }: PutOperation): { key: string; value: unknown } & StoreOptions {
    return { key: asName(joined(namespace)), value: namespace, namespace: `${this.#namespace}/stores` }
  }

  async #search(operation: SearchOperation): Promise<SearchItem[]> {
    const { namespacePrefix, limit = 10, offset = 0, query, filter = {} } = operation
    validateNamespace(namespacePrefix, { allowEmpty: true, allowReservedRoot: true })
    const candidates = query ? this.#found(namespacePrefix, query) : this.#below(namespacePrefix)
    const items: SearchItem[] = []
    let toSkip = offset
    for await (const item of candidates) {
      if (items.length >= limit) break
      if (!matchesFilter(item.value, filter) || toSkip-- > 0) continue
      items.push(item)
    }
    return items
  }

  /** All items below some labels, by namespace and key. */
  async *#below(prefix: readonly string[]): AsyncGenerator<SearchItem> {
    for await (const namespace of this.#listedBelow(prefix)) {
      for await (const record of scan(this.#memory, this.#place(namespace))) yield toItem(namespace, record)
    }
  }

  /** The items below some labels that match a text, best first. */
  async *#found(prefix: readonly string[], query: string): AsyncGenerator<SearchItem> {
    const found: SearchItem[] = []
    for await (const namespace of this.#listedBelow(prefix)) {
      const place = { namespace: this.#place(namespace) }
      const hits = await this.#memory.find(query.slice(0, maxQuery), {
        in: ['memory'],
        limit: maxFound,
        ...place,
      })
      for (const hit of hits) {
        const record = hit.in === 'memory' ? await this.#memory.kv.get(hit.key, place) : undefined
        const isHidden = fields(record?.metadata)?.index === false
        if (record !== undefined && !isHidden) found.push({ ...toItem(namespace, record), score: hit.score })
      }
    }
    yield* found.sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
  }

  async #namespaces(operation: ListNamespacesOperation): Promise<string[][]> {
    const { matchConditions = [], maxDepth, limit = Number.POSITIVE_INFINITY, offset = 0 } = operation
    const found = new Map<string, string[]>()
    for await (const namespace of this.#listedBelow([])) {
      if (!matchConditions.every(condition => matchesCondition(namespace, condition))) continue
      const { items } = await this.#memory.kv.search('*', { namespace: this.#place(namespace), limit: 1 })
      const cut = namespace.slice(0, maxDepth)
      if (items.length > 0) found.set(joined(cut), cut)
    }
    return [...found.values()].slice(offset, offset + limit)
  }

  /** The namespaces that begin with some labels and have held an item. */
  async *#listedBelow(prefix: readonly string[]): AsyncGenerator<string[]> {
    for await (const { value } of scan(this.#memory, `${this.#namespace}/stores`)) {
      if (!Array.isArray(value)) continue
      const namespace = value.map(String)
      if (prefix.every((label, i) => label === namespace[i])) yield namespace
    }
  }

  #place(namespace: readonly string[]): string {
    const prefix = `${this.#namespace}/store/`
    return prefix + asName(joined(namespace), maxNamespaceBytes - prefix.length)
  }
}

function isPut(operation: Operation): operation is PutOperation {
  return 'value' in operation
}

/** Labels hold no colon. */
function joined(namespace: readonly string[]): string {
  return namespace.join(':')
}

function toItem(namespace: string[], record: MemoryRecord): Item {
  const value = fields(record.value) && (fromStored(record.value) as Record<string, unknown>)
  if (value === undefined) {
    const where = JSON.stringify(originalKey(record))
    throw new InvalidInput(`${where} in ${record.namespace} is no item of LangGraph: its value is no object`)
  }
  const { createdAt, updatedAt } = record
  return { namespace, key: originalKey(record), value, createdAt, updatedAt }
}
