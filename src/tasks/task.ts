import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Dialect } from '../db/db.ts'
import { indexedLease, isLapsed, isLeased } from '../db/lease.ts'
import { type Sql, sql } from '../db/sql.ts'
import { NotFound } from '../errors.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { toDate, toOptionalDate } from '../util/time.ts'
import { type Backoff, readBackoff, readErrors, type TaskError } from './attempts.ts'
import { knownPriority, type Priority } from './claim-order.ts'

/**
 * `pending` tasks wait: for their time, for others, or to be claimed. `lapsed` ones were claimed, and their holder gave
 * no sign of life in time: the next claim may have them, and until then the holder may still complete them. `failed`
 * ones must not be tried again, `dead` ones have used up their attempts. All but the first three are final, unless
 * redriven.
 */
export const statuses = ['pending', 'running', 'lapsed', 'completed', 'failed', 'cancelled', 'dead'] as const

export type TaskStatus = (typeof statuses)[number]

/**
 * The condition that a task is claimed, for those found by their ids: in words that no index has, so that the planner
 * looks them up, and does not read all that run because it takes them for few.
 */
export const isClaimed = sql`coalesce(tasks.status, '') = 'running'`

/** The condition that a task is claimed, and its claim holds at this moment. */
export function isRunning(dialect: Dialect): Sql {
  return sql`(status = 'running' and ${isLeased(dialect, indexedLease)})`
}

/** The condition that a task is `lapsed`. It is stored as running until the next claim brings the queue up to date. */
export function hasLapsed(dialect: Dialect): Sql {
  return sql`(status = 'running' and ${isLapsed(dialect)})`
}

/** How a task stands at this moment, for every reader. */
export function statusNow(dialect: Dialect): Sql {
  return sql`case when ${hasLapsed(dialect)} then 'lapsed' else status end`
}

/** The condition that a task has come to its end. */
export const isFinalStatus = sql`status in ('completed', 'failed', 'cancelled', 'dead')`

export function isFinal(status: TaskStatus): boolean {
  return ['completed', 'failed', 'cancelled', 'dead'].includes(status)
}

/** The condition of tasks that can be claimed, and of the index that has them in order. */
export const isReady = sql`status = 'pending' and open_dependencies = 0 and rank is not null`

/** The condition of tasks that neither wait, nor run, nor have completed, and of the index that has them. */
export const isUnusual = sql`coalesce(status, '') not in ('pending', 'running', 'completed')`

/** The condition that a task has ended so, in the words of that index. */
export function hasStatus(status: TaskStatus): Sql {
  return sql`status = ${status} and ${isUnusual}`
}

/** A piece of work. */
export interface Task {
  id: string
  description: string
  status: TaskStatus
  priority: Priority
  /** Who claimed it last; undefined while it waits to be claimed. */
  assignedTo: string | undefined
  /** Ids of the tasks that it waits for, or has waited for. */
  dependencies: string[]
  /** The queue it is in: `default` unless it was created in another. */
  queue: string
  /** The capabilities that its claimant must have. */
  requires: string[]
  payload: Json | undefined
  /** What its worker last said of it. */
  progress: Json | undefined
  result: Json | undefined
  /** Not to be claimed before this time. */
  runAt: Date | undefined
  /** How many times it was claimed, since it was created or redriven. */
  attempts: number
  maxAttempts: number
  backoff: Backoff
  /** How its attempts ended, the latest last; at most 20. */
  errors: TaskError[]
  /** The task it depended on whose end ended this one too. */
  causedBy: string | undefined
  idempotencyKey: string | undefined
  createdBy: string | undefined
  createdAt: Date
  updatedAt: Date
  /** When it was claimed last. */
  claimedAt: Date | undefined
  /** When it reached a final status. */
  completedAt: Date | undefined
  /** What it is filed under, in order of the alphabet. */
  labels: string[]
  /** The task that it is a part of, if any; it may have been deleted. */
  parentId: string | undefined
  /** Rises with each change of what was asked for, by `update`; 0 until the first. */
  revision: number
}

/** A task as its claimant holds it. */
export interface ClaimedTask extends Task {
  /** The proof of the claim, for heartbeat, complete, fail and release. Rises with every claim of the task. */
  token: number
  /** Which attempt this is, from 1. */
  attempt: number
  /** When another worker can have the task, unless a heartbeat comes, in milliseconds from the claim. */
  leaseMs: number
  /** When that is, by the clock of the machine that claimed it. */
  leaseUntil: Date
}

/** How a task stands after an operation. */
export interface TaskState {
  id: string
  status: TaskStatus
}

/** A claim that was renewed. */
export interface RenewedClaim extends TaskState {
  /** Until when the task stays the holder's without another heartbeat, by the clock of the machine that renewed it. */
  leaseUntil: Date
}

/** What creating a task writes of its record. */
export const givenColumns = {
  id: 'text',
  description: 'text',
  priority: 'text?',
  dependencies: 'text?',
  requires: 'text?',
  queue: 'text',
  payload: 'text?',
  max_attempts: 'number',
  backoff: 'text?',
  idempotency_key: 'text?',
  created_by: 'text?',
  labels: 'text?',
  parent_task: 'text?',
} as const satisfies Columns

/** What the store makes of it, and what comes later. */
const ownColumns = {
  status: 'text',
  run_at: 'time?',
  created_at: 'time?',
  updated_at: 'time',
  assigned_to: 'text?',
  claimed_at: 'time?',
  attempts: 'number',
  progress: 'text?',
  result: 'text?',
  errors: 'text?',
  caused_by: 'text?',
  completed_at: 'time?',
  revision: 'number',
} as const satisfies Columns

/** The checksums of what is given, and those of what comes later. */
export const givenChecksums = { crc: 'number?', payload_crc: 'number?' } as const satisfies Columns
const ownChecksums = {
  progress_crc: 'number?',
  result_crc: 'number?',
  errors_crc: 'number?',
} as const satisfies Columns

const taskColumns = { ...givenColumns, ...ownColumns }
const checksums = { ...givenChecksums, ...ownChecksums }

type Checksums = RowOf<typeof checksums>

/** Checksums are absent from a row that was not read from the store. */
export type TaskRow = RowOf<typeof taskColumns> & { status: TaskStatus } & Partial<Checksums>

/** The columns as they are stored, for what has just been written. */
export const columns = listOf({ ...taskColumns, ...checksums })

const { status: _, ...lasting } = { ...taskColumns, ...checksums }

/** The columns as they are read. */
export function columnsNow(dialect: Dialect): Sql {
  return sql`${statusNow(dialect)} as status, ${listOf(lasting)}`
}

/** The task of a row as it was read from the store. */
export function fromRow(row: TaskRow): Task {
  return taskOf(verified('tasks', row))
}

export function taskOf(row: TaskRow): Task {
  return {
    id: row.id,
    description: row.description,
    status: row.status,
    priority: knownPriority(row.priority),
    assignedTo: row.assigned_to ?? undefined,
    dependencies: namesIn(row.dependencies),
    requires: namesIn(row.requires),
    queue: row.queue,
    payload: optionalJson(row.payload),
    progress: optionalJson(row.progress),
    result: optionalJson(row.result),
    runAt: toOptionalDate(row.run_at),
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    backoff: readBackoff(row.backoff),
    errors: readErrors(row.errors),
    causedBy: row.caused_by ?? undefined,
    idempotencyKey: row.idempotency_key ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAt: toDate(row.created_at ?? row.updated_at),
    updatedAt: toDate(row.updated_at),
    completedAt: toOptionalDate(row.completed_at),
    claimedAt: toOptionalDate(row.claimed_at),
    labels: namesIn(row.labels),
    parentId: row.parent_task ?? undefined,
    revision: row.revision,
  } satisfies FieldsOf<Omit<TaskRow, keyof Checksums | 'parent_task'>> & { parentId: unknown }
}

function optionalJson(text: string | null): Json | undefined {
  return text === null ? undefined : decodeLoose(text)
}

/** The names in a column that SQL from outside may have filled: a JSON array, or one name as plain text. */
export function namesIn(text: string | null): string[] {
  const value = optionalJson(text)
  if (Array.isArray(value)) return value.map(String)
  return value === undefined || value === null || value === '' ? [] : [String(value)]
}

export function noTask(id: string): NotFound {
  return new NotFound(`there is no task ${JSON.stringify(id)}`, { details: { id } })
}
