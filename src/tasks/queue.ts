import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { lapsedRanges } from '../db/lease.ts'
import { asUpkeep } from '../db/outbox.ts'
import { hasRow } from '../db/probe.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { adoptTasks } from './adopt-tasks.ts'
import { knownPriority, microsOf, rankOf } from './claim-order.ts'
import { createScheduled } from './schedule.ts'
import { type AttemptRow, attemptColumns, endLapse } from './settle-dependents.ts'
import { isReady } from './task.ts'

/**
 * The condition of tasks, as opposed to rows without an id, which the documented table allows. An expression, so that
 * the planner does not read all tasks in the order of their ids instead of the few in question.
 */
const hasId = sql`id || '' is not null`

/** Tasks of each kind that one claim brings up to date at most, so that no other claim waits for long. */
const maxUpkeepTasks = 100

/** What there is in the queue, each 1 or 0. */
export interface QueueState {
  /** Leases have lapsed. */
  lapsed: number
  /** Delayed tasks are due. */
  due: number
  /** Tasks were inserted by SQL from outside. */
  untracked: number
  /** Tasks that come again and again are due. */
  scheduled: number
  /** Ready tasks are in lanes of their own. */
  lanes: number
  /** Queues have limits. */
  limits: number
}

/** True when the queue must be brought up to date before a claim. */
export function needsUpkeep({ lapsed, due, untracked, scheduled }: QueueState): boolean {
  return lapsed + due + untracked + scheduled > 0
}

/** Whether there is what no clock decides. */
const timeless = sql`
  case when ${hasRow(sql`tasks`, sql`status = 'pending' and rank is null and run_at is null and ${hasId}`, sql`run_at`)}
    then 1 else 0 end as untracked,
  case when ${hasRow(sql`tasks`, sql`${isReady} and lane is not null`, sql`lane`)} then 1 else 0 end as lanes,
  case when exists (select 1 from hivewax_task_queues) then 1 else 0 end as limits`

/**
 * Selects the row of a QueueState, in the words of the indexes: one probe for each range, so that it costs the same
 * whatever the number of tasks.
 */
function queueStateSql({ dialect }: Db): Sql {
  const lapsed = (when: Sql) =>
    hasRow(sql`tasks`, sql`status = 'running' and ${when} and ${hasId}`, sql`lease_epoch, lease_until`)
  // A clock that is read once and for all can be looked up in an index.
  const now = sql`(select ${dialect.now()})`
  return sql`
    select
      case when ${join(lapsedRanges(dialect).map(lapsed), ' or ')} then 1 else 0 end as lapsed,
      case when ${hasRow(sql`tasks`, sql`status = 'pending' and rank is null and run_at <= ${now} and ${hasId}`, sql`run_at`)}
        then 1 else 0 end as due,
      case when ${hasRow(sql`hivewax_task_schedules`, sql`next_at <= ${now}`, sql`next_at`)} then 1 else 0 end as scheduled,
      ${timeless}`
}

/** Reads the state of the queue. */
export async function readQueueState({ db }: Context): Promise<QueueState> {
  return theRow(await db.all<QueueState>(queueStateSql(db)))
}

/** The condition that there is nothing in {@link QueueState}: no upkeep is due, no lane of its own, no limit. */
export function isPlain(db: Db): Sql {
  return sql`(select lapsed + due + untracked + scheduled + lanes + limits from (${queueStateSql(db)}) as state) = 0`
}

/**
 * Brings the queue up to date before a claim, instead of a janitor: ends the attempts whose leases have lapsed,
 * creates scheduled tasks, and ranks those whose time has come.
 * @param context its `db` is the transaction
 */
export async function prepareQueue(context: Context): Promise<QueueState> {
  const state = await readQueueState(context)
  if (!needsUpkeep(state)) return state
  const store = asUpkeep(context)
  if (state.lapsed === 1) await endLapsed(store)
  if (state.scheduled === 1) await createScheduled(store, maxUpkeepTasks)
  if (state.due === 1) await rankDue(store)
  if (state.untracked === 1) await adoptTasks(store, maxUpkeepTasks)
  // What was just brought up to date may be in lanes too.
  return { ...state, lanes: 1 }
}

/** A lapse ends the attempt: the task goes back to its place, or is dead when it was the last one. */
async function endLapsed(context: Context): Promise<void> {
  const rows: (AttemptRow & { rank: number | null })[] = []
  // A holder whose heartbeat comes at this moment keeps its task.
  const { skipLocked } = context.db.dialect
  for (const range of lapsedRanges(context.db.dialect)) {
    rows.push(
      ...(await context.db.all<AttemptRow & { rank: number | null }>(
        sql`select ${attemptColumns}, rank from tasks where status = 'running' and ${range} and ${hasId}
            order by lease_epoch, lease_until limit ${maxUpkeepTasks - rows.length} ${skipLocked}`,
      )),
    )
  }
  for (const row of rows.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || (a.id < b.id ? -1 : 1))) {
    await endLapse(context, row)
  }
}

/** Delayed tasks enter the order of claims when they are due, as of the time they waited for. */
async function rankDue(context: Context): Promise<void> {
  const rows = await context.db.all<{ id: string; priority: string | null; run_at: string }>(
    sql`select id, priority, run_at from tasks
        where status = 'pending' and rank is null and run_at <= ${context.db.dialect.now()} and ${hasId}
        order by run_at limit ${maxUpkeepTasks} ${context.db.dialect.skipLocked}`,
  )
  // A lapse may just have ended the only one that was due.
  if (rows.length === 0) return
  const values = rows.map(({ id, priority, run_at }) => {
    const rank = rankOf(microsOf(run_at, context.clock), knownPriority(priority))
    return sql`(${id}, cast(${rank} as bigint))`
  })
  await context.db.all(
    sql`with due (id, rank) as (values ${join(values)})
        update tasks set rank = due.rank from due where tasks.id = due.id`,
  )
}
