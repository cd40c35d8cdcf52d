import { isDeepStrictEqual } from 'node:util'
import type {
  AgentInputItem,
  SessionHistoryTransaction,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core'
import { Conflict, InvalidInput } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Transaction } from '../transaction.ts'
import { checkInteger } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import type { Json } from '../util/json.ts'
import { asName, baseNamespace, fields, isLostRace, maxNamespaceBytes } from './records.ts'
import { fromStored, toStored } from './values.ts'

export interface SessionOptions {
  /** Which conversation it is. Default: a new one. */
  sessionId?: string | undefined
  /** What the namespaces of the conversations begin with. Default `openai-agents`. */
  namespace?: string | undefined
}

/** Which record says how many items there are. Every change writes it, so that changes happen one after the other. */
const headKey = 'head'

/** How many items are read by one statement. */
const batch = 1_000

type SuffixReplacement = Extract<SessionHistoryTransaction, { type: 'replace_suffix' }>

/**
 * A session of the OpenAI Agents SDK over the store, one record for each item. What is added is durable when the
 * promise resolves. Processes that share a session add and take items one after the other: those of one call stay
 * together, and no item is taken twice.
 */
export class HivewaxSession implements SessionHistoryTransactionAwareSession {
  readonly #memory: Memory
  readonly #sessionId: string
  readonly #namespace: string

  constructor(memory: Memory, options: SessionOptions = {}) {
    const { sessionId = uuidv7(Date.now()), namespace = 'openai-agents' } = options
    this.#memory = memory
    this.#sessionId = sessionId
    // The hash of a long id has to fit behind it.
    const prefix = `${baseNamespace(namespace, '/#'.length + 64)}/`
    this.#namespace = prefix + asName(sessionId, maxNamespaceBytes - prefix.length)
  }

  async getSessionId(): Promise<string> {
    return this.#sessionId
  }

  /** The last `limit` items, oldest first; without it all. */
  async getItems(limit?: number): Promise<AgentInputItem[]> {
    for (;;) {
      const before = await this.#head(this.#memory)
      const count = limit === undefined ? before.count : Math.min(limit, before.count)
      const items = await this.#read(this.#memory, before.count - Math.max(0, count), before.count)
      // The same head before and after: nothing was changed meanwhile.
      if ((await this.#head(this.#memory)).revision === before.revision) return items
    }
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    if (items.length > 0) await this.#change((tx, count) => this.#append(tx, count, items))
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    let popped: AgentInputItem | undefined
    await this.#change(async (tx, count) => {
      popped = (await this.#read(tx, Math.max(0, count - 1), count))[0]
      return this.#cut(tx, count, Math.min(1, count))
    })
    return popped
  }

  async clearSession(): Promise<void> {
    await this.#memory.kv.clearNamespace(this.#namespace)
  }

  /**
   * Applies a change once, however often it is sent with this id.
   * @throws Conflict when the id came with another change, or the last items are not those expected
   */
  async applyHistoryTransaction({ operationId, transaction }: SessionHistoryTransactionArgs): Promise<void> {
    if (typeof operationId !== 'string' || operationId.trim() === '') {
      throw new InvalidInput('operationId must be a string that is not blank')
    }
    const key = `operation/${asName(operationId, 256)}`
    // As it is when it has been stored.
    const wanted = normalized(transaction)
    await this.#change(async (tx, count) => {
      const applied = await tx.kv.retrieve(key, { namespace: this.#namespace })
      if (applied !== undefined) {
        if (isDeepStrictEqual(fromStored(applied), wanted)) return count
        throw new Conflict(`operation ${operationId} was already applied with another change`)
      }
      await tx.kv.store(key, toStored(wanted), { namespace: this.#namespace })
      if (wanted.type === 'append_items') return this.#append(tx, count, wanted.items)
      return this.#replace(tx, count, wanted)
    })
  }

  async #replace(tx: Transaction, count: number, wanted: SuffixReplacement) {
    const { expectedSuffix: expected, replacement } = wanted
    const start = count - expected.length
    const actual = start < 0 ? undefined : await this.#read(tx, start, count)
    if (!isDeepStrictEqual(actual, expected)) {
      throw new Conflict(
        `the last ${expected.length} items of session ${this.#sessionId} are not those expected`,
      )
    }
    return this.#append(tx, await this.#cut(tx, count, expected.length), replacement)
  }

  async #append(tx: Transaction, count: number, items: readonly AgentInputItem[]): Promise<number> {
    const { length } = items
    await tx.kv.storeMany(
      items.map((item, i) => ({
        key: itemKey(count + i),
        value: toStored(item),
        namespace: this.#namespace,
      })),
    )
    return count + length
  }

  async #cut(tx: Transaction, count: number, removed: number): Promise<number> {
    for (let i = count - removed; i < count; i++)
      await tx.kv.delete(itemKey(i), { namespace: this.#namespace })
    return count - removed
  }

  async #read(from: Memory | Transaction, start: number, end: number): Promise<AgentInputItem[]> {
    const items: AgentInputItem[] = []
    for (let first = start; first < end; first += batch) {
      const keys = Array.from({ length: Math.min(batch, end - first) }, (_, i) => itemKey(first + i))
      const found = await from.kv.retrieveMany(keys, { namespace: this.#namespace })
      // What was added as an item is one.
      for (const key of keys)
        if (found.has(key)) items.push(fromStored(found.get(key) as Json) as AgentInputItem)
    }
    return items
  }

  async #head(from: Memory | Transaction): Promise<{ count: number; revision: number }> {
    const record = await from.kv.get(headKey, { namespace: this.#namespace })
    const count = fields(record?.value)?.count ?? 0
    return { count: checkInteger('count', count, 0), revision: record?.revision ?? 0 }
  }

  /** @param change returns how many items there are after it */
  async #change(change: (tx: Transaction, count: number) => Promise<number>): Promise<void> {
    for (;;) {
      try {
        await this.#memory.transaction(async tx => {
          const { count, revision } = await this.#head(tx)
          const value = { count: await change(tx, count) }
          await tx.kv.store(headKey, value, { namespace: this.#namespace, expectedRevision: revision })
        })
        return
      } catch (error) {
        if (!isLostRace(error)) throw error
      }
    }
  }
}

function itemKey(index: number): string {
  return `item/${String(index).padStart(12, '0')}`
}

function normalized(transaction: SessionHistoryTransaction): SessionHistoryTransaction {
  const stored: Json = JSON.parse(JSON.stringify(toStored(transaction)))
  return fromStored(stored) as SessionHistoryTransaction
}
