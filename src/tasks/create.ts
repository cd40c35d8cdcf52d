import type { Context } from '../context.ts'
import { listOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { transactionWithEvents, writeWithEvents } from '../db/outbox.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import { checkAcyclic } from './dependencies.ts'
import { insertedColumns, newColumns, type TaskToInsert } from './new-task.ts'
import { type Ended, lockTasks, settleDependents } from './settle-dependents.ts'
import { columns, columnsNow, fromRow, isFinal, type Task, type TaskRow, taskOf } from './task.ts'
import { taskEventsOf } from './task-events.ts'

/** Characters of the values in one statement, about: far from the longest text that an engine takes. */
const maxLength = 16 * 1024 * 1024

/**
 * Creates the tasks of a batch, or finds those that were created before under the same idempotency key.
 * @returns the tasks in the order given
 */
export async function createTasks(context: Context, batch: readonly TaskToInsert[]): Promise<Task[]> {
  return (
    (await createIndependent(context, batch)) ??
    (await transactionWithEvents(context.db, db => insertTasks({ ...context, db }, batch)))
  )
}

/**
 * Creates tasks that wait for no other, are part of none and have no idempotency key: one write. Undefined, having done nothing, for other
 * ones, and when an id is taken.
 */
async function createIndependent(
  context: Context,
  batch: readonly TaskToInsert[],
): Promise<Task[] | undefined> {
  if (!batch.every(isIndependent) || partsOf(batch).length !== 1) return undefined
  try {
    const rows = await insert<MadeRow>(context, batch, sql`returning id, created_by, run_at, created_at`)
    const made = new Map(rows.map(row => [row.id, row]))
    return batch.map(task => toNewTask(task, made.get(task.id)))
  } catch (error) {
    if (error instanceof Conflict) return undefined
    throw error
  }
}

function isIndependent({ parents, parent_task, idempotency_key }: TaskToInsert): boolean {
  return parents.length === 0 && parent_task === null && idempotency_key === null
}

/** As {@link createTasks}, within a transaction: `context.db`. */
export async function insertTasks(context: Context, batch: readonly TaskToInsert[]): Promise<Task[]> {
  const tx = context.db
  const unique = withoutRepeats(batch)
  checkAcyclic(new Map(unique.map(task => [task.id, task.parents.map(parent => parent.id)])))
  checkAcyclic(new Map(unique.map(task => [task.id, wholesOf([task])])), 'are parts of each other')
  const inserted = await insertNew(context, unique)
  const created = unique.filter(task => inserted.has(task.id))
  const known = await findKnown(
    tx,
    unique.filter(task => !inserted.has(task.id)),
  )
  await findWholes(tx, created)
  const ended = await insertEdges(tx, created)
  await settleDependents(context, ended)
  const rows = ended.length === 0 ? inserted : await readBack(tx, [...inserted.keys()])
  const byKey = new Map([...rows.values(), ...known].map(row => [row.idempotency_key, row]))
  return batch.map(task => toTask(rows.get(task.id) ?? byKey.get(task.idempotency_key), task))
}

/** What the store has added to a new task. */
interface MadeRow {
  id: string
  run_at: string | null
  created_at: string
}

function toNewTask(task: TaskToInsert, made: MadeRow | undefined): Task {
  if (made === undefined) throw idTaken(task.id)
  return taskOf({ ...untouched, ...task, ...made, updated_at: made.created_at })
}

/** What a task has before anything happened to it. */
const untouched = {
  status: 'pending' as const,
  assigned_to: null,
  progress: null,
  result: null,
  attempts: 0,
  errors: null,
  caused_by: null,
  completed_at: null,
  claimed_at: null,
  revision: 0,
}

/** The batch without the tasks that repeat the idempotency key of an earlier one. */
function withoutRepeats(batch: readonly TaskToInsert[]): TaskToInsert[] {
  const byKey = new Map<string, TaskToInsert>()
  const byId = new Map<string, TaskToInsert>()
  for (const task of batch) {
    const key = task.idempotency_key
    const first = key === null ? undefined : byKey.get(key)
    if (first !== undefined) {
      checkFingerprint(task, first.id, first.fingerprint)
      continue
    }
    if (byId.has(task.id))
      throw new InvalidInput(`the batch holds two tasks with the id ${JSON.stringify(task.id)}`)
    byId.set(task.id, task)
    if (key !== null) byKey.set(key, task)
  }
  return [...byId.values()]
}

/** Inserts tasks, except where an id or a key is taken. Returns their rows by id. */
async function insertNew(context: Context, tasks: readonly TaskToInsert[]): Promise<Map<string, TaskRow>> {
  const inserted = new Map<string, TaskRow>()
  for (const part of partsOf(tasks)) {
    const rows = await insert<TaskRow>(context, part, sql`on conflict do nothing returning ${columns}`)
    for (const row of rows) inserted.set(row.id, row)
  }
  return inserted
}

/** In parts that one statement each can take. */
function partsOf(tasks: readonly TaskToInsert[]): TaskToInsert[][] {
  const parts: TaskToInsert[][] = []
  let length = maxLength
  for (const task of tasks) {
    const own = task.description.length + (task.payload?.length ?? 0)
    if (length + own > maxLength) length = parts.push([]) * 0
    length += own
    parts.at(-1)?.push(task)
  }
  return parts
}

const inserted = listOf(insertedColumns)

const createdData = { taskId: { column: 'id' }, status: 'pending' }

/** @param ending what is to become of conflicts, and what to return: `id` and `created_by` among others */
function insert<R extends object>(
  context: Context,
  tasks: readonly TaskToInsert[],
  ending: Sql,
): Promise<R[]> {
  const { dialect } = context.db
  const write = sql`insert into tasks (${inserted}, run_at, created_at, updated_at)
    select ${inserted}, case when delay_ms is null then run_at else ${dialect.now(raw('delay_ms'))} end, now, now
    from (select ${dialect.now()} as now) as clock, ${dialect.valuesTable(newColumns, tasks)} as new where 1 = 1 ${ending}`
  const events = taskEventsOf(context, 'created', createdData)
  return writeWithEvents<R>(context.db, { write, events, isSingle: tasks.length === 1 })
}

/** The tasks that stood in the way of new ones, and are the same ones by their idempotency keys. */
async function findKnown(tx: Db, refused: readonly TaskToInsert[]): Promise<TaskRow[]> {
  const known: TaskRow[] = []
  for (const task of refused) {
    const [row] = await tx.all<TaskRow & { fingerprint: string | null }>(
      sql`select ${columnsNow(tx.dialect)}, fingerprint from tasks where idempotency_key = ${task.idempotency_key}`,
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
    task.parents.map(({ id, onFailure }) => ({ parent_id: id, child_id: task.id, on_failure: onFailure })),
  )
  const own = new Set(created.map(task => task.id))
  const others = [...new Set(edges.map(edge => edge.parent_id))].filter(id => !own.has(id))
  const parents = await lockKnown(tx, others, 'to depend on')
  if (edges.length > 0) {
    const types = { parent_id: 'text', child_id: 'text', on_failure: 'text' } as const
    await tx.all(
      sql`insert into hivewax_task_dependencies (parent_id, child_id, on_failure)
          select parent_id, child_id, on_failure from ${tx.dialect.valuesTable(types, edges)} as edges`,
    )
  }
  return parents.filter(parent => isFinal(parent.status))
}

/** The tasks that these are parts of. */
function wholesOf(tasks: readonly TaskToInsert[]): string[] {
  return [...new Set(tasks.flatMap(({ parent_task }) => parent_task ?? []))]
}

async function findWholes(tx: Db, created: readonly TaskToInsert[]): Promise<void> {
  const own = new Set(created.map(task => task.id))
  await lockKnown(
    tx,
    wholesOf(created).filter(id => !own.has(id)),
    'to be a part of',
  )
}

/**
 * Tasks that others refer to, held as they are until the transaction commits.
 * @param what for: the end of the error
 * @throws NotFound when one of them is not there
 */
export async function lockKnown(tx: Db, ids: readonly string[], what: string): Promise<Ended[]> {
  const parents = await lockTasks(tx, ids)
  const found = new Set(parents.map(parent => parent.id))
  const missing = ids.filter(id => !found.has(id))
  if (missing.length === 0) return parents
  throw new NotFound(
    `there is no task ${missing
      .slice(0, 5)
      .map(id => JSON.stringify(id))
      .join(', ')} ${what}`,
    {
      hint: 'Create it first, or in the same createMany.',
      details: { missing },
    },
  )
}

async function readBack(tx: Db, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  const rows = await tx.all<TaskRow>(
    sql`select ${columns} from tasks where ${tx.dialect.inList(sql`id`, ids)}`,
  )
  return new Map(rows.map(row => [row.id, row]))
}

function toTask(row: TaskRow | undefined, { id }: TaskToInsert): Task {
  if (row === undefined) throw idTaken(id)
  return fromRow(row)
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
    `another task was created under the idempotency key ${JSON.stringify(task.idempotency_key)}`,
    {
      hint: 'Use one key for one task: the same description, payload and options each time.',
      details: { idempotencyKey: task.idempotency_key, id: firstId },
    },
  )
}
