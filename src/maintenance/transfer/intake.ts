import type { Context } from '../../context.ts'
import { HivewaxError, InvalidInput } from '../../errors.ts'
import { checkOneOf } from '../../util/check.ts'
import { type Incoming, identity } from './incoming.ts'
import { put } from './put.ts'
import { compareMemory, type EncodedMemory, encodeMemory, type Standing, standing } from './standing.ts'

const conflictRules = ['newer', 'skip', 'replace'] as const

export interface IntakeOptions {
  /**
   * What to do with a key of key-value memory that exists with another value: `newer` (default) replaces it when
   * what comes was changed later, `skip` never does, `replace` always. All other records that exist stay.
   */
  onConflict?: (typeof conflictRules)[number] | undefined
  /** Only say what would happen. */
  dryRun?: boolean | undefined
}

/**
 * What became of a record: `added`, `updated` where an older one was, `unchanged` where the same one is, `kept` where
 * another one is and stays, or `refused` because no store could hold it.
 */
export type Outcome = 'added' | 'updated' | 'unchanged' | 'kept' | 'refused'

export interface Taken {
  outcome: Outcome
  /** Why it was refused. */
  reason?: string
}

/**
 * Takes in records that were kept elsewhere, of any kind, with their ids and times. Taking in the same ones again
 * changes nothing.
 */
export class Intake {
  readonly #context: Context
  readonly #rule: (typeof conflictRules)[number]
  readonly #dryRun: boolean
  /** In a dry run: what would be there by now. */
  readonly #pretended = new Map<string, string | EncodedMemory>()

  constructor(context: Context, { onConflict = 'newer', dryRun = false }: IntakeOptions = {}) {
    this.#context = context
    this.#rule = checkOneOf('onConflict', onConflict, conflictRules)
    this.#dryRun = dryRun
  }

  /** Takes in a batch in one transaction, and says of each record what became of it. */
  async take(records: readonly Incoming[]): Promise<Taken[]> {
    return this.#context.db.transaction(async tx => {
      const context = { ...this.#context, db: tx }
      const taken: Taken[] = []
      for (const record of records) taken.push(await this.#takeOne(context, record))
      return taken
    })
  }

  async #takeOne(context: Context, record: Incoming): Promise<Taken> {
    try {
      const outcome = this.#outcome(
        record,
        this.#pretend(context, record) ?? (await standing(context, record)),
      )
      const isWritten = outcome === 'added' || outcome === 'updated'
      if (isWritten && this.#dryRun) this.#pretended.set(identity(record), snapshot(context, record))
      else if (isWritten) await put(context, record)
      return { outcome }
    } catch (error) {
      // One record that is too large must not keep all the others out; nothing was written for it yet.
      if (!(error instanceof InvalidInput) || error.code === 'transaction_misuse') throw error
      return { outcome: 'refused', reason: error instanceof HivewaxError ? error.message : String(error) }
    }
  }

  #outcome({ kind }: Incoming, standing: Standing): Outcome {
    if (standing === 'absent') return 'added'
    if (standing === 'same') return 'unchanged'
    if (kind !== 'memory' || this.#rule === 'skip') return 'kept'
    return standing === 'older' || this.#rule === 'replace' ? 'updated' : 'kept'
  }

  #pretend(context: Context, record: Incoming): Standing | undefined {
    const held = this.#pretended.get(identity(record))
    if (held === undefined) return undefined
    const coming = snapshot(context, record)
    if (typeof held === 'string' || typeof coming === 'string') return held === coming ? 'same' : 'other'
    return compareMemory(held, coming)
  }
}

function snapshot(context: Context, record: Incoming): string | EncodedMemory {
  return record.kind === 'memory' ? encodeMemory(context, record) : JSON.stringify(record)
}
