import type { Db, DbTransactionOptions, Executed, Row } from '../db/db.ts'
import { DbDecorator } from '../db/decorators/db-decorator.ts'
import { type Param, type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { readsOnly } from './reads-only.ts'

/** One run of an agent: what `register` returned for it. */
export interface Incarnation {
  agentId: string
  incarnation: number
}

/**
 * The database as one incarnation of an agent uses it. Every write becomes a transaction that first makes sure that
 * the agent has this incarnation, and keeps it until the end: no write of an old process is ever stored after the
 * agent was registered anew or deleted, however late it comes. The first refusal ends it: incarnations never
 * come back, so later writes are refused without asking. Reading stays possible.
 */
export class FencedDb extends DbDecorator {
  readonly #run: Incarnation
  #ended: Conflict | undefined

  constructor(inner: Db, run: Incarnation) {
    // Calls that share a transaction would share its fence too: what is refused is refused to each alone.
    super(inner, { batching: false })
    this.#run = run
  }

  override all<R extends object = Row>(query: Sql): Promise<R[]> {
    return readsOnly(query) ? this.inner.all<R>(query) : this.transaction(tx => tx.all<R>(query))
  }

  override execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.transaction(tx => tx.execute(text, params), { interactive: true })
  }

  override async transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended
    let refusal: Conflict | undefined
    const guarded = async (tx: Db) => {
      refusal = await whyEnded(tx, this.#run)
      if (refusal !== undefined) throw refusal
      return fn(tx)
    }
    try {
      return await this.inner.transaction(guarded, options)
    } catch (error) {
      // Only now is it known that what refused it is committed.
      if (error === refusal) this.#ended = refusal
      throw error
    }
  }
}

async function whyEnded(tx: Db, { agentId, incarnation }: Incarnation): Promise<Conflict | undefined> {
  const [agent] = await tx.all<{ incarnation: number }>(
    sql`select incarnation from agents where id = ${agentId} ${tx.dialect.forShare}`,
  )
  return agent?.incarnation === incarnation ? undefined : staleIncarnation(agentId, incarnation, agent)
}

/** The refusal of a run of an agent that is over. */
export function staleIncarnation(
  id: string,
  incarnation: number | undefined,
  current: { incarnation: number } | undefined,
): Conflict {
  const [why, hint] =
    current === undefined
      ? [`was deleted: its incarnation ${incarnation} is over`, 'Stop what it does, or register it again.']
      : [
          `was registered again: it has incarnation ${current.incarnation}, not ${incarnation}`,
          'Another process runs under this id: stop this one, or register it under an id of its own.',
        ]
  const details = { id, incarnation: current?.incarnation ?? null }
  return new Conflict(`agent ${JSON.stringify(id)} ${why}`, { hint, details }, 'stale_token')
}
