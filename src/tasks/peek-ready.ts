import type { Context } from '../context.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { toOptionalDate } from '../util/time.ts'
import { type Claim, headsFor } from './claim.ts'
import { needsUpkeep, readQueueState } from './queue.ts'

/** What a claimant finds before it claims. */
export interface ReadyPeek {
  /** A claim would probably get something, or at least bring the queue up to date. */
  isReady: boolean
  /** When time alone may change that, in milliseconds; undefined when nothing waits for its time. */
  withinMs: number | undefined
}

/** Reads, and writes nothing unless an agent has lapsed, so that workers that wait for work do not hold up those that have some. */
export async function peekReady(context: Context, claim: Claim): Promise<ReadyPeek> {
  const state = await readQueueState(context)
  if (needsUpkeep(state)) return { isReady: true, withinMs: undefined }
  // A dead agent may hold the only task that there is.
  if (await context.crossDomain.releaseLapsed(context)) return { isReady: true, withinMs: undefined }
  const heads = await headsFor(context, { ...claim, limit: 1 }, { state, lock: false })
  if (heads === undefined) return { isReady: false, withinMs: await nextDueMs(context) }
  const ready = await context.db.all(sql`select 1 from tasks where id in (${heads}) limit 1`)
  return { isReady: ready.length > 0, withinMs: await nextDueMs(context) }
}

interface Due {
  lapse_ms: number | null
  death_ms: number | null
  look_ms: number | null
  run_at: string | null
  next_at: string | null
}

/** How often one who waits for tasks looks whether the process of an agent is over, in milliseconds. */
const deathsEveryMs = 500

/** How long until the next lease lapses, an agent may, or the next task is due. */
async function nextDueMs({ db, clock }: Context): Promise<number | undefined> {
  const { lapse_ms, death_ms, look_ms, run_at, next_at } = theRow(
    await db.all<Due>(
      sql`select (select min(lease_until) from tasks
                  where status = 'running' and lease_epoch = ${db.dialect.leaseEpoch()})
                 - ${db.dialect.leaseNow()} as lapse_ms,
            (select min(alive_until) from agents
                  where ttl_ms is not null and lapsed_at is null and alive_epoch = ${db.dialect.leaseEpoch()})
                 - ${db.dialect.leaseNow()} as death_ms,
            (select cast(${deathsEveryMs} as bigint) from hivewax_agent_connections limit 1) as look_ms,
            (select min(run_at) from tasks where status = 'pending' and rank is null) as run_at,
            (select min(next_at) from hivewax_task_schedules where next_at is not null) as next_at`,
    ),
  )
  const times = [toOptionalDate(run_at), toOptionalDate(next_at)].filter(time => time !== undefined)
  const waits = times.map(time => time.getTime() - clock.now())
  waits.push(...[lapse_ms, death_ms, look_ms].filter(ms => ms !== null))
  // A millisecond more than the wait itself, which may have been cut to a whole number.
  return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits) + 1)
}
