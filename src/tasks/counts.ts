import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { countsOf } from '../db/tallies.ts'
import { hasLapsed, hasStatus, isReady, isRunning, isUnusual, type TaskStatus } from './task.ts'
import {
  blocked,
  countPart,
  isBlocked,
  isUnranked,
  mostCounted,
  readyLanes,
  unranked,
  type WaitingPart,
} from './waiting.ts'

/**
 * See `Tasks.counts`. How many tasks there are is kept, and those that have not completed are counted by their indexes:
 * completed are all that are nothing else.
 */
export async function countTasks(db: Db): Promise<Record<TaskStatus, number>> {
  const upTo = (where: Sql) =>
    sql`(select count(*) from (select 1 from tasks where ${where} limit ${mostCounted}) as first_tasks)`
  const count = (where: Sql) => sql`(select count(*) from tasks where ${where})`
  const first = theRow(
    await db.all<FirstCounts>(
      sql`with recursive ${endings}
          select (select coalesce(sum(amount), 0) from ${countsOf(db.dialect, 'tasks')}) as total,
            ${upTo(isReady)} as ready, ${upTo(isBlocked)} as blocked, ${upTo(isUnranked)} as unranked,
            ${count(isRunning(db.dialect))} as running, ${count(hasLapsed(db.dialect))} as lapsed,
            ${upTo(hasStatus('failed'))} as failed, ${upTo(hasStatus('cancelled'))} as cancelled,
            ${upTo(hasStatus('dead'))} as dead, ${countStrange} as strange`,
    ),
  )
  const all = { ...first, ...(await countMany(db, first)) }
  const { total, ready, blocked, unranked, strange, ...counts } = all
  const pending = ready + blocked + unranked
  const { running, lapsed, failed, cancelled, dead } = counts
  // Of many some may change while they are counted.
  const completed = Math.max(0, total - pending - running - lapsed - failed - cancelled - dead - strange)
  return { pending, ...counts, completed }
}

const nextEnding = (rest: Sql) =>
  sql`(select status from tasks where ${isUnusual} and ${rest} order by status limit 1)`

/** A table of the statuses in which tasks have ended without success: one step of the index for each. */
const endings = sql`endings (ending) as (
  select ${nextEnding(sql`status is not null`)}
  union all
  select ${nextEnding(sql`status > endings.ending`)} from endings where ending is not null)`

/** How many tasks have a status that only SQL from outside gives. */
const countStrange = sql`((select count(*) from tasks where status is null and ${isUnusual})
  + (select coalesce(sum((select count(*) from tasks where status = ending and ${isUnusual})), 0)
     from endings where ending not in ('failed', 'cancelled', 'dead')))`

/** Counts up to {@link mostCounted}, but for those of all tasks and of those that run, which are few. */
type FirstCounts = Record<
  | 'total'
  | 'ready'
  | 'blocked'
  | 'unranked'
  | 'running'
  | 'lapsed'
  | 'failed'
  | 'cancelled'
  | 'dead'
  | 'strange',
  number
>

/** The counts of those that are too many for one statement. */
async function countMany(db: Db, first: FirstCounts): Promise<Partial<FirstCounts>> {
  const ended = (status: TaskStatus): WaitingPart[] => [{ where: hasStatus(status), order: [sql`id`] }]
  const parts = {
    ready: async () => [...(await readyLanes(db)).values()],
    blocked: async () => [blocked],
    unranked: async () => unranked,
    failed: async () => ended('failed'),
    cancelled: async () => ended('cancelled'),
    dead: async () => ended('dead'),
  }
  const counts: Partial<FirstCounts> = {}
  for (const [name, read] of Object.entries(parts) as [
    keyof typeof parts,
    () => Promise<readonly WaitingPart[]>,
  ][]) {
    if (first[name] < mostCounted) continue
    let count = 0
    for (const part of await read()) count += await countPart(db, part)
    counts[name] = count
  }
  return counts
}
