import type { Db, TransactionOptions } from '../db/db.ts'
import { isReading, type Sql, sql } from '../db/sql.ts'
import type { Clock } from '../util/clock.ts'
import { detached } from '../util/detached.ts'
import { renewal } from './liveness.ts'

/** How often acting renews an agent at most, in milliseconds: a third of its ttl, and never less often than this. */
const longestIntervalMs = 1000

/** Agents remembered at a time; forgetting one costs a renewal more. */
const maxAgents = 10_000

/**
 * Acting is a sign of life: what agents write through their handles renews their liveness too, once in an interval
 * for each agent and process. A renewal is handed in together with the write that caused it, so that both share
 * one commit. It never fails the write: an agent that is not registered has nothing to renew.
 */
export class Heartbeats {
  readonly #db: Db
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  /** When acting counts again, on the lease clock, by agent. */
  readonly #nextMs = new Map<string, number>()
  readonly #reading = new WeakMap<readonly string[], boolean>()

  /** @param onError hears of a renewal that failed; the agent's next write tries again */
  constructor(db: Db, clock: Clock, onError: (error: unknown) => void) {
    this.#db = db
    this.#clock = clock
    this.#onError = onError
  }

  /** The database as the handle of this agent uses it. */
  of(agentId: string): Db {
    const db = this.#db
    const { version } = db
    return {
      dialect: db.dialect,
      all: query => (this.#reads(query) ? db.all(query) : this.#acting(agentId, () => db.all(query))),
      query: (text, params) => db.query(text, params),
      execute: (text, params) => this.#acting(agentId, () => db.execute(text, params)),
      transaction: (fn, options) => this.#transaction(agentId, fn, options),
      ...(version !== undefined && { version: () => version.call(db) }),
    }
  }

  /** Hands in the renewal and the write at once. When the write is acknowledged, so is the sign of life. */
  async #acting<T>(agentId: string, write: () => Promise<T>): Promise<T> {
    if (!this.#takeTurn(agentId)) return write()
    const renewed = detached(() => this.#renew(this.#db, agentId)).catch(this.#onError)
    const result = await write()
    await renewed
    return result
  }

  /** A transaction may run alone, so the renewal becomes its last statement instead of a commit of its own. */
  async #transaction<T>(
    agentId: string,
    fn: (tx: Db) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    if (!this.#takeTurn(agentId)) return this.#db.transaction(fn, options)
    const renewing = async (tx: Db) => {
      const result = await fn(tx)
      await this.#renew(tx, agentId)
      return result
    }
    try {
      return await this.#db.transaction(renewing, options)
    } catch (error) {
      this.#nextMs.delete(agentId)
      throw error
    }
  }

  /** True once in an interval. */
  #takeTurn(agentId: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < (this.#nextMs.get(agentId) ?? 0)) return false
    if (this.#nextMs.size >= maxAgents) this.#nextMs.clear()
    this.#nextMs.set(agentId, nowMs + longestIntervalMs)
    return true
  }

  async #renew(db: Db, agentId: string): Promise<void> {
    try {
      const [agent] = await db.all<{ ttl_ms: number | null }>(
        sql`update agents set ${renewal(db.dialect)} where id = ${agentId} returning ttl_ms`,
      )
      const intervalMs = Math.min(longestIntervalMs, (agent?.ttl_ms ?? Number.POSITIVE_INFINITY) / 3)
      this.#nextMs.set(agentId, this.#clock.monotonicMs() + intervalMs)
    } catch (error) {
      this.#nextMs.delete(agentId)
      throw error
    }
  }

  /** By the words of the call site, remembered, since this is asked on every read too. */
  #reads({ strings }: Sql): boolean {
    const known = this.#reading.get(strings)
    if (known !== undefined) return known
    const reads = isReading(strings.join(' '))
    this.#reading.set(strings, reads)
    return reads
  }
}
