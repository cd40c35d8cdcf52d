import type { Context } from '../../context.ts'
import { HivewaxError, InvalidInput } from '../../errors.ts'
import { checkOneOf } from '../../util/check.ts'
import {
  type Comparison,
  compareMemory,
  compareWithStore,
  type EncodedMemory,
  encodeMemory,
} from './compare-record.ts'
import { type IncomingRecord, identity } from './incoming-record.ts'
import { insertRecord } from './insert-record.ts'

const conflictRules = ['newer', 'skip', 'replace'] as const

export interface MergeOptions {
  /**
   * What to do with a key of key-value memory, or of an agent's own, that exists with another value: `newer` (default) replaces it when
   * the incoming one was changed later, `skip` never does, `replace` always. All other records that exist stay.
   */
  onConflict?: (typeof conflictRules)[number] | undefined
  /** Only say what would happen. */
  dryRun?: boolean | undefined
}

/**
 * What became of a record: `added`, `updated` where an older one was, `unchanged` where the same one is, `kept` where
 * another one is and stays, or `refused` because no store could hold it.
 */
export type MergeDecision = 'added' | 'updated' | 'unchanged' | 'kept' | 'refused'

export interface MergedRecord {
  outcome: MergeDecision
  /** Why it was refused. */
  reason?: string
}

/**
 * Merges records of other stores and programs, of any kind, with their ids and times. Merging the same ones again
 * changes nothing.
 */
export class RecordMerger {
  readonly #context: Context
  readonly #rule: (typeof conflictRules)[number]
  readonly #dryRun: boolean
  /** In a dry run: what would be there by now. */
  readonly #pretended = new Map<string, string | EncodedMemory>()

  constructor(context: Context, { onConflict = 'newer', dryRun = false }: MergeOptions = {}) {
    this.#context = context
    this.#rule = checkOneOf('onConflict', onConflict, conflictRules)
    this.#dryRun = dryRun
  }

  /** Merges a batch in one transaction, and says of each record what became of it. */
  async merge(records: readonly IncomingRecord[]): Promise<MergedRecord[]> {
    return this.#context.db.transaction(async tx => {
      const context = { ...this.#context, db: tx }
      const merged: MergedRecord[] = []
      for (const record of records) merged.push(await this.#mergeOne(context, record))
      return merged
    })
  }

  async #mergeOne(context: Context, record: IncomingRecord): Promise<MergedRecord> {
    try {
      const outcome = this.#decide(
        record,
        this.#pretend(context, record) ?? (await compareWithStore(context, record)),
      )
      const isWritten = outcome === 'added' || outcome === 'updated'
      if (isWritten && this.#dryRun) this.#pretended.set(identity(record), snapshot(context, record))
      else if (isWritten) await insertRecord(context, record)
      return { outcome }
    } catch (error) {
      // One record that is too large must not keep all the others out; nothing was written for it yet.
      if (!(error instanceof InvalidInput) || error.code === 'transaction_misuse') throw error
      return { outcome: 'refused', reason: error instanceof HivewaxError ? error.message : String(error) }
    }
  }

  #decide({ kind }: IncomingRecord, comparison: Comparison): MergeDecision {
    if (comparison === 'absent') return 'added'
    if (comparison === 'same') return 'unchanged'
    if ((kind !== 'memory' && kind !== 'agent_memory') || this.#rule === 'skip') return 'kept'
    return comparison === 'older' || this.#rule === 'replace' ? 'updated' : 'kept'
  }

  #pretend(context: Context, record: IncomingRecord): Comparison | undefined {
    const held = this.#pretended.get(identity(record))
    if (held === undefined) return undefined
    const incoming = snapshot(context, record)
    if (typeof held === 'string' || typeof incoming === 'string') return held === incoming ? 'same' : 'other'
    return compareMemory(held, incoming)
  }
}

function snapshot(context: Context, record: IncomingRecord): string | EncodedMemory {
  return record.kind === 'memory' ? encodeMemory(context, record) : JSON.stringify(record)
}
