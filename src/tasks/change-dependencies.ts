import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { lockKnown } from './create.ts'
import { lockTasks, settleDependents } from './settle-dependents.ts'
import { isFinal, namesIn, type TaskRow } from './task.ts'
import type { CheckedChanges } from './task-changes.ts'
import { isPartOf, lockShape, waitsFor } from './task-shape.ts'

/**
 * Holds the tasks that a change names, and refuses one that would lead in a circle. They are locked before the task
 * itself is, as by what ends them, which goes on to the tasks below.
 * @throws NotFound when one is not there; Conflict for a circle
 */
export async function lockNeighbours(
  tx: Db,
  id: string,
  { added, removed, parentId }: CheckedChanges,
): Promise<void> {
  const whole = parentId || undefined
  if (added.length > 0 || whole !== undefined) await lockShape(tx)
  if (added.length > 0)
    await lockKnown(
      tx,
      added.map(parent => parent.id),
      'to depend on',
    )
  if (whole !== undefined) await lockKnown(tx, [whole], 'to be a part of')
  await lockTasks(tx, removed)
  for (const parent of added)
    if (await waitsFor(tx, [parent.id], id)) throw circle(id, parent.id, 'waits for')
  if (whole !== undefined && (await isPartOf(tx, whole, id))) throw circle(id, whole, 'is a part of')
}

function circle(id: string, other: string, how: string): Conflict {
  const [task, known] = [JSON.stringify(id), JSON.stringify(other)]
  const why = id === other ? 'they are the same' : `${known} ${how} ${task} already`
  return new Conflict(`task ${task} cannot be one that ${how} ${known}: ${why}`, {
    hint: 'Tasks that wait for each other in a circle never run. `tasks graph` shows who waits for whom.',
    details: { id, other },
  })
}

/**
 * Adds and removes edges of a task: it waits for each added one until that has ended, and one that ended already is
 * settled at once, by the policy of its edge.
 * @param context its `db` is the transaction, which holds the task and those that it waits for
 * @param before the task as it was
 */
export async function changeDependencies(
  context: Context,
  { id, dependencies }: Pick<TaskRow, 'id' | 'dependencies'>,
  { added, removed }: CheckedChanges,
): Promise<void> {
  const { db } = context
  if (added.length + removed.length === 0) return
  const dropped = await db.all<{ open: number }>(
    sql`delete from hivewax_task_dependencies where child_id = ${id} and ${db.dialect.inList(sql`parent_id`, removed)}
        returning open`,
  )
  const known = new Set(namesIn(dependencies))
  const fresh = added.filter(parent => !known.has(parent.id))
  const rows = added.map(({ id: parent, onFailure }) => ({ parent_id: parent, on_failure: onFailure }))
  if (rows.length > 0) {
    await db.all(
      sql`insert into hivewax_task_dependencies (parent_id, child_id, on_failure)
          select parent_id, ${id}, on_failure
          from ${db.dialect.valuesTable({ parent_id: 'text', on_failure: 'text' }, rows)} as edges where 1 = 1
          on conflict (child_id, parent_id) do update set on_failure = excluded.on_failure`,
    )
  }
  const more = fresh.length - dropped.filter(edge => edge.open === 1).length
  await db.all(sql`update tasks set open_dependencies = open_dependencies + ${more} where id = ${id}`)
  const parents = await lockTasks(
    db,
    fresh.map(parent => parent.id),
  )
  await settleDependents(
    context,
    parents.filter(parent => isFinal(parent.status)),
  )
}
