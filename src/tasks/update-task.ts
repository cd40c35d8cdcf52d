import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { asUpkeep } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict } from '../errors.ts'
import { adoptTask } from './adopt-tasks.ts'
import { changeDependencies, lockNeighbours } from './change-dependencies.ts'
import { knownPriority, nextMicros, rankOf } from './claim-order.ts'
import { laneText } from './lanes.ts'
import { checkLabels, textOf } from './new-task.ts'
import { type AttemptRow, attemptColumns, endLapse } from './settle-dependents.ts'
import { columnsNow, fromRow, namesIn, noTask, type Task, type TaskRow } from './task.ts'
import { assertChangeable, type CheckedChanges } from './task-changes.ts'
import { appendTaskEvents } from './task-events.ts'

interface EditedRow extends TaskRow {
  rank: number | null
}

/** The columns that `update` writes as they are, but for dependencies. */
type Edited = Pick<
  EditedRow,
  | 'description'
  | 'priority'
  | 'dependencies'
  | 'requires'
  | 'queue'
  | 'payload'
  | 'max_attempts'
  | 'backoff'
  | 'labels'
  | 'parent_task'
>

/**
 * Changes what was asked for of a task. See `Tasks.update`.
 * @param context its `db` is the transaction
 */
export async function updateTask(context: Context, id: string, changes: CheckedChanges): Promise<Task> {
  await lockNeighbours(context.db, id, changes)
  const before = await lock(context, id)
  if (changes.expectedRevision !== undefined && changes.expectedRevision !== before.revision)
    throw staleRevision(before, changes.expectedRevision)
  const after = edited(before, changes)
  const fields = changedFields(before, after, changes)
  if (fields.length === 0) return fromRow(before)
  assertChangeable(before, fields)
  await write(context, before, { after, changes })
  await changeDependencies(context, before, changes)
  const revised = await read(context, id)
  const data = { taskId: id, status: revised.status, revision: revised.revision, changed: fields }
  await appendTaskEvents(context, [{ what: 'updated', data }])
  return revised
}

/** The task, held as it is until the transaction commits, and as a claim would find it: a lapse is over, SQL of others tracked. */
async function lock(context: Context, id: string): Promise<EditedRow> {
  const { db } = context
  const [row] = await db.all<EditedRow>(
    sql`update tasks set token = token where id = ${id} returning ${columnsNow(db.dialect)}, rank`,
  )
  if (row === undefined) throw noTask(id)
  const isUntracked = row.status === 'pending' && row.rank === null && row.run_at === null
  if (isUntracked) await adoptTask(asUpkeep(context), row)
  else if (row.status === 'lapsed') await endLapse(asUpkeep(context), await attemptOf(db, id))
  else return verified('tasks', row)
  return lock(context, id)
}

async function attemptOf(db: Db, id: string): Promise<AttemptRow> {
  return theRow(await db.all<AttemptRow>(sql`select ${attemptColumns} from tasks where id = ${id}`))
}

async function read({ db }: Context, id: string): Promise<Task> {
  return fromRow(
    theRow(await db.all<TaskRow>(sql`select ${columnsNow(db.dialect)} from tasks where id = ${id}`)),
  )
}

function edited(row: EditedRow, changes: CheckedChanges): Edited {
  const { parentId, added, removed } = changes
  const kept = namesIn(row.dependencies).filter(id => !removed.includes(id))
  const dependencies = [...new Set([...kept, ...added.map(({ id }) => id)])]
  return {
    description: changes.description ?? row.description,
    priority: changes.priority ?? row.priority,
    dependencies: isSame(dependencies, namesIn(row.dependencies)) ? row.dependencies : textOf(dependencies),
    requires: changes.requires === undefined ? row.requires : textOf(changes.requires),
    queue: changes.queue ?? row.queue,
    payload: changes.payload ?? row.payload,
    max_attempts: changes.maxAttempts ?? row.max_attempts,
    backoff: changes.backoff === undefined ? row.backoff : changes.backoff,
    labels: labelsAfter(row, changes),
    parent_task: parentId === undefined ? row.parent_task : parentId || null,
  }
}

function labelsAfter(row: EditedRow, { labels, addLabels, removeLabels }: CheckedChanges): string | null {
  const former = namesIn(row.labels)
  const kept = (labels ?? former).filter(label => !removeLabels.includes(label))
  const after = checkLabels('labels', [...new Set([...kept, ...addLabels])])
  return isSame(after, former) ? row.labels : textOf(after)
}

const isSame = (some: readonly string[], others: readonly string[]) =>
  JSON.stringify(some) === JSON.stringify(others)

/** The names that readers know the columns by. */
const fieldOf = {
  description: 'description',
  priority: 'priority',
  dependencies: 'dependencies',
  requires: 'requires',
  queue: 'queue',
  payload: 'payload',
  max_attempts: 'maxAttempts',
  backoff: 'backoff',
  labels: 'labels',
  parent_task: 'parentId',
} as const satisfies Record<keyof Edited, keyof Task>

/** The fields that change. A time or an edge that is given is taken for another one: it may have changed in part. */
function changedFields(before: EditedRow, after: Edited, changes: CheckedChanges): string[] {
  const { runAt, delayMs, added } = changes
  const isNew = (name: keyof Edited) =>
    before[name] !== after[name] || (name === 'dependencies' && added.length > 0)
  const names = (Object.keys(fieldOf) as (keyof Edited)[]).filter(isNew)
  const fields: string[] = names.map(name => fieldOf[name])
  return runAt === undefined && delayMs === undefined ? fields : [...fields, 'runAt']
}

interface Change {
  after: Edited
  changes: CheckedChanges
}

const floor = sql`(select value from hivewax_counters where name = 'floor')`

async function write(context: Context, before: EditedRow, { after, changes }: Change): Promise<void> {
  const { db } = context
  const { checksum, now } = db.dialect
  const row = { ...before, ...after }
  const lane = laneText({ queue: after.queue, requires: namesIn(after.requires) })
  await db.all(
    sql`update tasks set description = ${after.description}, priority = ${after.priority},
          dependencies = ${after.dependencies}, requires = ${after.requires}, queue = ${after.queue}, lane = ${lane},
          payload = ${after.payload}, max_attempts = ${after.max_attempts}, backoff = ${after.backoff},
          labels = ${after.labels}, parent_task = ${after.parent_task}, crc = ${checksum('tasks', 'crc', row)},
          payload_crc = ${checksum('tasks', 'payload_crc', row)}, rank = ${rankAfter(context, before, changes)},
          run_at = ${runAtAfter(context, changes)}, updated_at = ${now()},
          revision = case when ${floor} > revision then ${floor} else revision end + 1
        where id = ${before.id}`,
  )
}

function runAtAfter({ db }: Context, { runAt, delayMs }: CheckedChanges): Sql {
  if (runAt !== undefined) return sql`${runAt}`
  return delayMs === undefined ? sql`run_at` : db.dialect.now(delayMs)
}

/** A task keeps its age under another priority. One with a time to wait for gets its rank when it is due. */
function rankAfter({ clock }: Context, before: EditedRow, changes: CheckedChanges): number | null {
  const { runAt, delayMs, priority = knownPriority(before.priority) } = changes
  if (runAt !== undefined || (delayMs ?? 0) > 0) return null
  if (before.rank !== null) return rankOf(before.rank - rankOf(0, knownPriority(before.priority)), priority)
  return delayMs === 0 ? rankOf(nextMicros(clock), priority) : null
}

function staleRevision({ id, revision }: EditedRow, expected: number): Conflict {
  return new Conflict(`task ${JSON.stringify(id)} has revision ${revision}, not ${expected}`, {
    hint: 'Read the task again, then decide anew.',
    details: { id, revision },
  })
}
