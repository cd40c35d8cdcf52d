import type { Context } from '../context.ts'
import { theRow } from '../db/rows.ts'
import { join, sql } from '../db/sql.ts'
import { adoptTasks } from './adopt.ts'
import { knownPriority, microsOf, rankOf } from './rank.ts'
import { type AttemptRow, attemptColumns, endAttempt } from './settle.ts'

/** The condition of tasks that can be claimed, and of the index that has them in order. */
export const isReady = sql`status = 'pending' and open_dependencies = 0 and rank is not null`

/** Tasks of each kind that one claim brings up to date at most, so that it holds nobody up for long. */
const maxChores = 100

/** What a claim finds in the queue, each 1 or 0. */
interface Chores {
  /** Leases have lapsed. */
  lapsed: number
  /** Delayed tasks are due. */
  due: number
  /** Tasks were inserted by somebody's own SQL. */
  strange: number
  /** Ready tasks require capabilities. */
  choosy: number
}

/**
 * Brings the queue up to date before a claim, instead of a janitor: ends the attempts whose leases have lapsed, and
 * ranks the tasks whose time has come. The conditions are those of the queue's indexes, one probe for each range,
 * so that looking costs the same whatever the number of tasks.
 * @param context its `db` is the transaction
 * @returns true when ready tasks may require capabilities
 */
export async function prepareQueue(context: Context): Promise<boolean> {
  const { dialect } = context.db
  const epoch = dialect.leaseEpoch()
  const chores = theRow(
    await context.db.all<Chores>(sql`
      select
        case when exists (select 1 from tasks where status = 'running'
                          and lease_epoch = ${epoch} and lease_until <= ${dialect.leaseNow()})
               or exists (select 1 from tasks where status = 'running' and lease_epoch < ${epoch})
               or exists (select 1 from tasks where status = 'running' and lease_epoch > ${epoch})
               or exists (select 1 from tasks where status = 'running' and lease_epoch is null)
          then 1 else 0 end as lapsed,
        case when exists (select 1 from tasks where status = 'pending' and rank is null
                          and run_at <= ${dialect.now()})
          then 1 else 0 end as due,
        case when exists (select 1 from tasks where status = 'pending' and rank is null
                          and run_at is null and id is not null)
          then 1 else 0 end as strange,
        case when exists (select 1 from tasks where status = 'pending' and open_dependencies = 0
                          and rank is not null and requires is not null)
          then 1 else 0 end as choosy`),
  )
  if (chores.lapsed === 1) await endLapsed(context)
  if (chores.due === 1) await rankDue(context)
  if (chores.strange === 1) await adoptTasks(context, maxChores)
  return chores.lapsed + chores.due + chores.strange + chores.choosy > 0
}

/** A lapse ends the attempt: the task goes back to its place, or is dead when it was the last one. */
async function endLapsed(context: Context): Promise<void> {
  const { dialect } = context.db
  const rows = await context.db.all<AttemptRow>(
    sql`select ${attemptColumns} from tasks where status = 'running'
          and (lease_epoch is distinct from ${dialect.leaseEpoch()} or lease_until <= ${dialect.leaseNow()})
        order by rank, id limit ${maxChores}`,
  )
  for (const row of rows) {
    const isLast = row.attempts >= row.max_attempts
    await endAttempt(context, row, {
      error: { message: 'the lease lapsed: its holder sent no heartbeat in time' },
      status: isLast ? 'dead' : 'pending',
      event: isLast ? 'dead' : 'released',
      reason: 'lapsed',
    })
  }
}

/** Delayed tasks enter the order of claims when they are due, as of the time they waited for. */
async function rankDue(context: Context): Promise<void> {
  const rows = await context.db.all<{ id: string; priority: string | null; run_at: string }>(
    sql`select id, priority, run_at from tasks
        where status = 'pending' and rank is null and run_at <= ${context.db.dialect.now()}
        order by run_at limit ${maxChores}`,
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
