import { Agents } from '../agents/agents.ts'
import { isLapsed } from '../db/lease.ts'
import { sql } from '../db/sql.ts'
import { keepTallies } from '../db/tallies.ts'
import { Metrics } from '../metrics/metrics.ts'
import { SharedState } from '../shared/shared.ts'
import { uuidv7 } from '../util/ids.ts'
import { Poller } from '../util/poller.ts'
import { cleanup } from './cleanup.ts'
import { IndexUpkeep } from './index-upkeep.ts'
import { pruneHistory } from './prune-history.ts'
import { tidyCounts } from './tidy-counts.ts'
import { lastDone, markDone, type Upkeep } from './upkeep-context.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export interface BackgroundOptions {
  /** Between two rounds, in milliseconds; each is up to a tenth shorter or longer. Default 30,000. */
  intervalMs?: number | undefined
  /** Hears of a round that failed; the next one tries again. */
  onError: (error: unknown) => void
}

/**
 * Upkeep without a call that asks for it: removes what has expired, releases what lapsed agents hold, gives free pages
 * back, keeps the log short, the full-text index and the planner's statistics fresh, and measurements for as long
 * as its options say. Of all processes that have the store open only one does it at a time, the holder of a lease.
 * Never keeps the process alive.
 */
export class Background {
  readonly #upkeep: Upkeep
  readonly #intervalMs: number
  readonly #onError: (error: unknown) => void
  readonly #owner: string
  readonly #stopped = new AbortController()
  readonly #rounds = new Poller(() => this.#round())
  readonly #index: IndexUpkeep
  #leads = false

  constructor(upkeep: Upkeep, { intervalMs = 30_000, onError }: BackgroundOptions) {
    this.#upkeep = upkeep
    this.#intervalMs = intervalMs
    this.#onError = onError
    this.#owner = uuidv7(upkeep.context.clock.now())
    this.#rounds.within(this.#pauseMs())
    this.#index = new IndexUpkeep(upkeep.context.db, {
      intervalMs,
      onError,
      leads: () => this.#becomeLeader(),
    })
  }

  /** True while this handle is the one that does the upkeep. */
  get leads(): boolean {
    return this.#leads
  }

  /** Ends the upkeep, at the latest when its present step has ended, and leaves it to another process. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all([this.#rounds.stop(), this.#index.stop()])
    if (this.#leads) await this.#release().catch(this.#onError)
  }

  #pauseMs(): number {
    return this.#intervalMs * (0.9 + Math.random() / 5)
  }

  async #round(): Promise<number> {
    try {
      await this.#work()
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#onError(error)
    }
    return this.#pauseMs()
  }

  async #work(): Promise<void> {
    this.#leads = await this.#lead()
    if (!this.#leads) return
    const { signal } = this.#stopped
    const steps = [
      () => cleanup(this.#upkeep, { signal }),
      () => this.#upkeep.engine.tidy(signal),
      () => keepTallies(this.#upkeep.context.db, signal),
      () => new Agents(this.#upkeep.context).releaseLapsed(),
      () => new SharedState(this.#upkeep.context).removeLapsed(),
      () =>
        this.#every(hourMs, 'metrics', () => new Metrics(this.#upkeep.context).applyRetention({ signal })),
      () => this.#every(dayMs, 'history', () => pruneHistory(this.#upkeep, signal)),
      () => this.#every(dayMs, 'optimize', () => this.#optimize(signal)),
    ]
    for (const step of steps) if (!signal.aborted) await step()
  }

  /** Between two rounds: it has led since the last one, or nobody does. */
  async #becomeLeader(): Promise<boolean> {
    this.#leads ||= await this.#lead()
    return this.#leads
  }

  /** Takes or renews the lease. While another holds it this only reads. */
  async #lead(): Promise<boolean> {
    const { db } = this.#upkeep.context
    const columns = { until: sql`hivewax_upkeep.lease_until`, epoch: sql`hivewax_upkeep.lease_epoch` }
    const isFree = sql`(hivewax_upkeep.owner = ${this.#owner} or ${isLapsed(db.dialect, columns)})`
    const held = await db.all(
      sql`select 1 as held from hivewax_upkeep where name = 'background' and not ${isFree}`,
    )
    if (held.length > 0) return false
    // Three rounds long: one late renewal must not hand the work to another process.
    const rows = await db.all(
      sql`insert into hivewax_upkeep (name, owner, lease_until, lease_epoch)
          values ('background', ${this.#owner}, ${db.dialect.leaseNow()} + ${3 * this.#intervalMs},
                  ${db.dialect.leaseEpoch()})
          on conflict (name) do update set
            owner = excluded.owner, lease_until = excluded.lease_until, lease_epoch = excluded.lease_epoch
          where ${isFree} returning 1 as leads`,
    )
    return rows.length > 0
  }

  async #optimize(signal: AbortSignal): Promise<void> {
    await tidyCounts(this.#upkeep, signal)
    await this.#upkeep.engine.optimize({ signal, unref: true })
  }

  async #release(): Promise<void> {
    await this.#upkeep.context.db.all(
      sql`update hivewax_upkeep set lease_until = 0 where name = 'background' and owner = ${this.#owner}`,
    )
    this.#leads = false
  }

  /** Does what is not needed in every round, unless a process did so lately. */
  async #every(intervalMs: number, name: string, work: () => Promise<unknown>): Promise<void> {
    const { context } = this.#upkeep
    const last = await lastDone(context, name)
    const startedAt = context.clock.now()
    if (last !== undefined && startedAt - last.getTime() < intervalMs) return
    await work()
    // What came of age while this ran was not looked at: the next run is due an interval after the start of this one.
    await markDone(context, name, new Date(startedAt))
  }
}
