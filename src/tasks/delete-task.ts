import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { isRunning, type TaskStatus } from './task.ts'

/**
 * Deletes the record of a task that nobody works on or waits for. False when there was none.
 * @param db the transaction
 */
export async function deleteTask(db: Db, id: string): Promise<boolean> {
  const deleted = await db.all(
    sql`delete from tasks where id = ${id} and not ${isRunning(db.dialect)} and not exists (${waiting(id)}) returning id`,
  )
  if (deleted.length > 0) return true
  const [task] = await db.all<{ status: TaskStatus }>(sql`select status from tasks where id = ${id}`)
  if (task === undefined) return false
  const why = task.status === 'running' ? 'is running' : 'has others waiting for it'
  throw new Conflict(`task ${JSON.stringify(id)} ${why} and cannot be deleted`, {
    hint: 'Cancel it first.',
    details: { id, status: task.status },
  })
}

/** The tasks that wait for this one. */
function waiting(id: string): Sql {
  return sql`select 1 from hivewax_task_dependencies join tasks as child on child.id = child_id
             where parent_id = ${id} and open = 1 and child.status = 'pending'`
}
