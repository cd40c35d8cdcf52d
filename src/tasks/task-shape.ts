import type { Db } from '../db/db.ts'
import { raw, sql } from '../db/sql.ts'

/*
 * Which task waits for which, and which is part of which: neither may lead back to where it began. A new task closes no
 * circle, for nothing leads to it yet. Between tasks that exist two transactions might each write one half of a circle
 * and not see the other's: so whoever adds such an edge holds the one row below until it commits.
 */

/** Lets no other transaction add edges between tasks that exist, until `tx` ends. Taken before any task is locked. */
export async function lockShape(tx: Db): Promise<void> {
  await tx.all(
    sql`insert into hivewax_counters (name, value) values ('task_shape', 0)
        on conflict (name) do update set value = hivewax_counters.value`,
  )
}

/** True when one of the tasks is `id`, or waits for it, directly or through others. */
export async function waitsFor(tx: Db, taskIds: readonly string[], id: string): Promise<boolean> {
  if (taskIds.includes(id)) return true
  if (taskIds.length === 0) return false
  const { inList, lateralJoin } = tx.dialect
  const edges = lateralJoin(raw('hivewax_task_dependencies'), sql`child_id = above.id`)
  const rows = await tx.all(
    sql`with recursive above (id) as (
          select parent_id from hivewax_task_dependencies where ${inList(sql`child_id`, taskIds)}
          union select parent_id from above ${edges})
        select 1 from above where id = ${id} limit 1`,
  )
  return rows.length > 0
}

/** True when a task is `id`, or a part of it, directly or through others. */
export async function isPartOf(tx: Db, taskId: string, id: string): Promise<boolean> {
  const wholes = tx.dialect.lateralJoin(raw('tasks'), sql`tasks.id = whole.parent_task`)
  const rows = await tx.all(
    sql`with recursive whole (id, parent_task) as (
          select id, parent_task from tasks where id = ${taskId}
          union select tasks.id, tasks.parent_task from whole ${wholes})
        select 1 from whole where id = ${id} limit 1`,
  )
  return rows.length > 0
}
