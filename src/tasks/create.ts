import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { join, sql } from '../db/sql.ts'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import { chunks } from '../util/chunks.ts'
import { checkAcyclic } from './dependencies.ts'
import { type TaskEvent, tell } from './events.ts'
import type { TaskToInsert } from './new-task.ts'
import { type Ended, lockTasks, settleDependents } from './settle.ts'
import { columns, fromRow, isFinal, type Task, type TaskRow } from './task.ts'

/** Rows per statement: few enough texts for the statement cache, and far from any engine's limit of parameters. */
const maxRows = 100

/**
 * Creates the tasks of a batch, or finds those that were created before under the same idempotency key.
 * @param context its `db` is the transaction
 * @returns the tasks in the order given
 */
export async function insertTasks(context: Context, batch: readonly TaskToInsert[]): Promise<Task[]> {
  const tx = context.db
  const unique = withoutRepeats(batch)
  checkAcyclic(new Map(unique.map(task => [task.id, task.parents.map(parent => parent.id)])))
  const inserted = await insertRows(tx, unique)
  const created = unique.filter(task => inserted.has(task.id))
  const known = await findKnown(
    tx,
    unique.filter(task => !inserted.has(task.id)),
  )
  await tell(context, created.map(createdEvent))
  const ended = await insertEdges(tx, created)
  await settleDependents(context, ended)
  const rows = ended.length === 0 ? inserted : await readBack(tx, [...inserted.keys()])
  const byKey = new Map([...rows.values(), ...known].map(row => [row.idempotency_key, row]))
  return batch.map(task => toTask(rows.get(task.id) ?? byKey.get(task.idempotencyKey ?? null), task))
}

/** The batch without the tasks that repeat the idempotency key of an earlier one. */
function withoutRepeats(batch: readonly TaskToInsert[]): TaskToInsert[] {
  const byKey = new Map<string, TaskToInsert>()
  const byId = new Map<string, TaskToInsert>()
  for (const task of batch) {
    const first = task.idempotencyKey === undefined ? undefined : byKey.get(task.idempotencyKey)
    if (first !== undefined) {
      checkFingerprint(task, first.id, first.fingerprint)
      continue
    }
    if (byId.has(task.id))
      throw new InvalidInput(`the batch holds two tasks with the id ${JSON.stringify(task.id)}`)
    byId.set(task.id, task)
    if (task.idempotencyKey !== undefined) byKey.set(task.idempotencyKey, task)
  }
  return [...byId.values()]
}

async function insertRows(tx: Db, tasks: readonly TaskToInsert[]): Promise<Map<string, TaskRow>> {
  const inserted = new Map<string, TaskRow>()
  for (const part of chunks(tasks, maxRows)) {
    const rows = await tx.all<TaskRow>(
      sql`insert into tasks (id, description, priority, dependencies, payload, requires, queue, lane, run_at, rank,
            open_dependencies, max_attempts, backoff, idempotency_key, fingerprint, created_by, created_at, updated_at)
          values ${join(part.map(task => valuesOf(tx, task)))}
          on conflict do nothing returning ${columns}`,
    )
    for (const row of rows) inserted.set(row.id, row)
  }
  return inserted
}

function valuesOf(tx: Db, task: TaskToInsert) {
  const now = tx.dialect.now()
  const dependencies =
    task.parents.length === 0 ? null : JSON.stringify(task.parents.map(parent => parent.id))
  return sql`(${task.id}, ${task.description}, ${task.priority}, ${dependencies}, ${task.payload}, ${task.requires},
    ${task.queue}, ${task.lane}, ${task.runAt}, ${task.rank}, ${task.parents.length}, ${task.maxAttempts}, ${task.backoff},
    ${task.idempotencyKey}, ${task.fingerprint}, ${task.createdBy}, ${now}, ${now})`
}

/** The tasks that stood in the way of new ones, and are the same ones by their idempotency keys. */
async function findKnown(tx: Db, refused: readonly TaskToInsert[]): Promise<TaskRow[]> {
  const known: TaskRow[] = []
  for (const task of refused) {
    const [row] = await tx.all<TaskRow & { fingerprint: string | null }>(
      sql`select ${columns}, fingerprint from tasks where idempotency_key = ${task.idempotencyKey}`,
    )
    if (row === undefined) throw idTaken(task.id)
    checkFingerprint(task, row.id, row.fingerprint)
    known.push(row)
  }
  return known
}

/**
 * Writes the edges of new tasks, all of them open.
 * @returns the parents that have ended already, so that their edges must be settled
 */
async function insertEdges(tx: Db, created: readonly TaskToInsert[]): Promise<Ended[]> {
  const edges = created.flatMap(task =>
    task.parents.map(({ id, onFailure }) => ({ parentId: id, childId: task.id, onFailure })),
  )
  const own = new Set(created.map(task => task.id))
  const others = [...new Set(edges.map(edge => edge.parentId))].filter(id => !own.has(id))
  const parents = await findParents(tx, others)
  for (const part of chunks(edges, maxRows)) {
    const values = part.map(
      ({ parentId, childId, onFailure }) => sql`(${parentId}, ${childId}, ${onFailure})`,
    )
    await tx.all(
      sql`insert into hivewax_task_dependencies (parent_id, child_id, on_failure) values ${join(values)}`,
    )
  }
  return parents.filter(parent => isFinal(parent.status))
}

async function findParents(tx: Db, ids: readonly string[]): Promise<Ended[]> {
  const parents = await lockTasks(tx, ids)
  const found = new Set(parents.map(parent => parent.id))
  const missing = ids.filter(id => !found.has(id))
  if (missing.length === 0) return parents
  throw new NotFound(
    `there is no task ${missing
      .slice(0, 5)
      .map(id => JSON.stringify(id))
      .join(', ')} to depend on`,
    {
      hint: 'Create it first, or in the same createMany.',
      details: { missing },
    },
  )
}

async function readBack(tx: Db, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  const rows = new Map<string, TaskRow>()
  for (const part of chunks(ids, maxRows)) {
    const found = await tx.all<TaskRow>(sql`select ${columns} from tasks where id in (${join(part)})`)
    for (const row of found) rows.set(row.id, row)
  }
  return rows
}

function toTask(row: TaskRow | undefined, { id }: TaskToInsert): Task {
  if (row === undefined) throw idTaken(id)
  return fromRow(row)
}

function createdEvent({ id, createdBy }: TaskToInsert): TaskEvent {
  return { what: 'created', source: createdBy, data: { taskId: id, status: 'pending' } }
}

function idTaken(id: string): Conflict {
  return new Conflict(`task ${JSON.stringify(id)} exists already`, {
    hint: 'Choose another id, or pass an idempotencyKey to get the task that exists.',
    details: { id },
  })
}

function checkFingerprint(task: TaskToInsert, firstId: string, fingerprint: string | null | undefined): void {
  if (task.fingerprint === fingerprint) return
  throw new Conflict(
    `another task was created under the idempotency key ${JSON.stringify(task.idempotencyKey)}`,
    {
      hint: 'Use one key for one task: the same description, payload and options each time.',
      details: { idempotencyKey: task.idempotencyKey, id: firstId },
    },
  )
}
