import type { Db, DbTransactionOptions, Executed, Row } from '../db/db.ts'
import { DbDecorator } from '../db/decorators/db-decorator.ts'
import type { Param, Sql } from '../db/sql.ts'
import { Batcher } from '../util/batcher.ts'
import type { Clock } from '../util/clock.ts'
import { readsOnly } from './reads-only.ts'
import { renewAgents } from './renew-agents.ts'

/** Runs a transaction of the handle that acts. */
type Begin = <T>(fn: (tx: Db) => Promise<T>) => Promise<T>

/** How often acting renews an agent at most, in milliseconds: a third of its ttl, and never less often than this. */
const longestIntervalMs = 1000

/** Agents remembered at a time; forgetting one costs a renewal more. */
const maxAgents = 10_000

/**
 * Acting is a heartbeat: what agents write through their handles renews their liveness too, once in an interval
 * for each agent and process. A renewal is handed in together with the write that caused it, so that both share
 * one commit, and those of all agents who act at the same time are one statement. It never fails the write: an
 * agent that is not registered has nothing to renew.
 */
export class Heartbeats {
  readonly #db: Db
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  /** When acting counts again, on the lease clock, by agent. */
  readonly #nextMs = new Map<string, number>()
  /**
   * Agents that act in one moment are renewed together. It is over after a microtask: the writes that renew them are
   * handed in by then, and none is begun.
   */
  readonly #renewals = new Batcher<string, undefined>({
    run: agentIds => this.#renewAll(agentIds),
    gather: () => Promise.resolve(),
    overlap: {},
  })

  /** @param onError hears of a renewal that failed; the agent's next write tries again */
  constructor(db: Db, clock: Clock, onError: (error: unknown) => void) {
    this.#db = db
    this.#clock = clock
    this.#onError = onError
  }

  /** The database as a handle of this agent uses it. */
  of(agentId: string, db = this.#db): Db {
    return new ActingDb(db, this, agentId)
  }

  /** Notes within `db` that an agent acts through a handle that is not its own, unless that was noted just now. */
  async note(db: Db, agentId: string): Promise<void> {
    if (this.#isDue(agentId)) await this.#renew(db, [agentId])
  }

  /** Hands in the renewal and the write at once. When the write is acknowledged, so is the heartbeat. */
  async during<T>(agentId: string, write: () => Promise<T>): Promise<T> {
    if (!this.#isDue(agentId)) return write()
    const renewed = this.#renewals.add(agentId)
    const result = await write()
    await renewed
    return result
  }

  /** Never rejects: a renewal that fails does not fail the write. */
  async #renewAll(agentIds: string[]): Promise<undefined[]> {
    await this.#renew(this.#db, agentIds).catch(this.#onError)
    return agentIds.map(() => undefined)
  }

  /** A transaction may run alone, so the renewal becomes its last statement instead of a commit of its own. */
  async transaction<T>(agentId: string, fn: (tx: Db) => Promise<T>, begin: Begin): Promise<T> {
    if (!this.#isDue(agentId)) return begin(fn)
    const renewing = async (tx: Db) => {
      const result = await fn(tx)
      await this.#renew(tx, [agentId])
      return result
    }
    try {
      return await begin(renewing)
    } catch (error) {
      this.#nextMs.delete(agentId)
      throw error
    }
  }

  /** True once in an interval. */
  #isDue(agentId: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < (this.#nextMs.get(agentId) ?? 0)) return false
    if (this.#nextMs.size >= maxAgents) this.#nextMs.clear()
    this.#nextMs.set(agentId, nowMs + longestIntervalMs)
    return true
  }

  async #renew(db: Db, agentIds: readonly string[]): Promise<void> {
    try {
      const ttls = await renewAgents(db, agentIds)
      for (const id of agentIds) {
        const intervalMs = Math.min(longestIntervalMs, (ttls.get(id) ?? Number.POSITIVE_INFINITY) / 3)
        this.#nextMs.set(id, this.#clock.monotonicMs() + intervalMs)
      }
    } catch (error) {
      for (const id of agentIds) this.#nextMs.delete(id)
      throw error
    }
  }
}

/** The database as one agent's handle uses it: each write is a heartbeat. */
class ActingDb extends DbDecorator {
  readonly #heartbeats: Heartbeats
  readonly #agentId: string

  constructor(inner: Db, heartbeats: Heartbeats, agentId: string) {
    super(inner)
    this.#heartbeats = heartbeats
    this.#agentId = agentId
  }

  override all<R extends object = Row>(query: Sql): Promise<R[]> {
    if (readsOnly(query)) return this.inner.all<R>(query)
    return this.#heartbeats.during(this.#agentId, () => this.inner.all<R>(query))
  }

  override execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.#heartbeats.during(this.#agentId, () => this.inner.execute(text, params))
  }

  override transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    return this.#heartbeats.transaction(this.#agentId, fn, run => this.inner.transaction(run, options))
  }
}
