import { hash } from 'node:crypto'
import type { Context } from '../context.ts'
import type { CellsOf, Columns } from '../db/columns.ts'
import { InvalidInput } from '../errors.ts'
import {
  checkInteger,
  checkName,
  checkNames,
  checkNumber,
  checkOneOf,
  checkText,
  describe,
} from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { decodeJson, encodeJson, isObject, type Json } from '../util/json.ts'
import { checkTime } from '../util/time.ts'
import { defaultBackoff, defaultMaxAttempts, type NewBackoff } from './attempts.ts'
import { nextMicros, type Priority, priorities, rankOf } from './claim-order.ts'
import { type Dependency, failurePolicies, type OnFailure } from './dependencies.ts'
import { defaultQueue, laneText } from './lanes.ts'
import * as known from './option-names.ts'
import { givenChecksums, givenColumns } from './task.ts'

export interface NewTask {
  /** A name of the caller's choice; Conflict when a task has it. Default: a new UUIDv7. */
  id?: string | undefined
  description: string
  /** Default `medium`. */
  priority?: Priority | undefined
  /** The tasks to wait for: they exist already, or are created in the same call. */
  dependencies?: readonly (string | Dependency)[] | undefined
  /** What the worker needs to know; any JSON. */
  payload?: unknown
  /** The queue that it joins; claims can be limited to some. Default `default`. */
  queue?: string | undefined
  /** Only agents with all of these capabilities can claim the task. */
  requires?: readonly string[] | undefined
  /** Not to be claimed before this time. */
  runAt?: Date | undefined
  /** Not to be claimed for so many milliseconds, instead of `runAt`. */
  delayMs?: number | undefined
  /** Claims without success after which the task is dead: 1 to 1,000, default 3. */
  maxAttempts?: number | undefined
  /** How long to wait after a failed attempt. */
  backoff?: NewBackoff | undefined
  /**
   * Creating a task with the same key again returns the first one, however it has fared since, as long as it
   * exists; Conflict when what was asked for differs.
   */
  idempotencyKey?: string | undefined
  /** What it is filed under: up to 50 short texts, each up to 64 bytes. */
  labels?: readonly string[] | undefined
  /** The task that it is a part of, which exists already or is created in the same call. Nobody waits because of that. */
  parentId?: string | undefined
  /** Default: the handle's agent. */
  createdBy?: string | undefined
}

/** The columns of a new task: those of its record, its place among the others, and what its time comes from. */
export const insertedColumns = {
  ...givenColumns,
  ...givenChecksums,
  lane: 'text?',
  /** Null for a task with a time to wait for: it gets its rank when it is due. */
  rank: 'number?',
  open_dependencies: 'number',
  /** Decides whether two tasks with one idempotency key are the same. */
  fingerprint: 'text?',
} as const satisfies Columns

export const newColumns = {
  ...insertedColumns,
  run_at: 'time?',
  /** Instead of `run_at`: how long to wait from now, in whole milliseconds. */
  delay_ms: 'number?',
} as const satisfies Columns

type NewRow = CellsOf<typeof newColumns>

/** A task that a new one waits for. */
export interface Parent {
  id: string
  onFailure: OnFailure
}

/** A checked new task, as the columns take it. */
export interface TaskToInsert extends NewRow {
  priority: Priority
  parents: readonly Parent[]
}

export const maxParents = 1_000
const maxLabels = 50
const maxLabelBytes = 64
const weekMs = 604_800_000

/** Past the last time that can be stored, which is when a task that waits so long is due. */
export const longestDelayMs = 8_000 * 365 * 86_400_000

/** Checks what the caller asked for, and fills in the defaults. */
export function prepareTask(context: Context, task: NewTask): TaskToInsert {
  const priority = checkOneOf('priority', task.priority ?? 'medium', priorities)
  const requires = checkNames('requires', task.requires ?? [], 100).sort()
  const queue = checkName('queue', task.queue ?? defaultQueue)
  const parents = checkParents(task.dependencies ?? [])
  const prepared = {
    id: task.id === undefined ? uuidv7(context.clock.now()) : checkName('id', task.id),
    description: checkText('description', task.description),
    priority,
    parents,
    dependencies: textOf(parents.map(parent => parent.id)),
    open_dependencies: parents.length,
    payload: task.payload === undefined ? null : encodeJson('payload', task.payload, context.maxValueBytes),
    queue,
    lane: laneText({ queue, requires }) ?? null,
    requires: textOf(requires),
    ...start(context, task, priority),
    max_attempts: checkInteger('maxAttempts', task.maxAttempts ?? defaultMaxAttempts, 1, 1_000),
    backoff: checkBackoff(task.backoff),
    idempotency_key:
      task.idempotencyKey === undefined ? null : checkName('idempotencyKey', task.idempotencyKey),
    created_by:
      task.createdBy === undefined ? (context.agentId ?? null) : checkName('createdBy', task.createdBy),
    labels: textOf(checkLabels('labels', task.labels ?? [])),
    parent_task: task.parentId === undefined ? null : checkName('parentId', task.parentId),
  }
  return {
    ...prepared,
    crc: context.db.dialect.checksum('tasks', 'crc', prepared),
    payload_crc: context.db.dialect.checksum('tasks', 'payload_crc', prepared),
    fingerprint: prepared.idempotency_key === null ? null : fingerprint(task, prepared),
  }
}

/** Labels as they are stored: each once, in order. */
export function checkLabels(what: string, labels: unknown): string[] {
  const names = checkNames(what, labels, maxLabels)
  return names.map((name, i) => checkName(`${what}[${i}]`, name, maxLabelBytes)).sort()
}

/** The column's text for some names; null, as in most rows, for none. */
export function textOf(names: readonly string[]): string | null {
  return names.length === 0 ? null : JSON.stringify(names)
}

function start(
  context: Context,
  { runAt, delayMs }: NewTask,
  priority: Priority,
): Pick<NewRow, 'run_at' | 'delay_ms' | 'rank'> {
  const later = { run_at: null, delay_ms: null, rank: null }
  if (delayMs === undefined) {
    if (runAt !== undefined) return { ...later, run_at: checkTime('runAt', runAt) }
    return { ...later, rank: rankOf(nextMicros(context.clock), priority) }
  }
  if (runAt !== undefined) throw new InvalidInput('pass runAt or delayMs, not both')
  return { ...later, delay_ms: Math.min(Math.round(checkNumber('delayMs', delayMs, 0)), longestDelayMs) }
}

export function checkParents(dependencies: readonly (string | Dependency)[]): Parent[] {
  if (!Array.isArray(dependencies)) {
    throw new InvalidInput(`dependencies must be an array of task ids, got ${describe(dependencies)}`)
  }
  const edges = dependencies.map(dependency =>
    typeof dependency === 'string' ? { id: dependency } : dependency,
  )
  const ids = checkNames(
    'dependencies',
    edges.map(edge => edge?.id),
    maxParents,
  )
  if (ids.length < edges.length) throw new InvalidInput('dependencies names a task twice')
  return edges.map(({ id, onFailure = 'fail' }) => ({
    id,
    onFailure: checkOneOf('onFailure', onFailure, failurePolicies),
  }))
}

export function checkBackoff(backoff: NewBackoff | undefined): string | null {
  if (backoff === undefined) return null
  known.checkBackoff(backoff)
  const { baseMs = defaultBackoff.baseMs, capMs = Math.max(baseMs, defaultBackoff.capMs) } = backoff
  checkInteger('backoff.baseMs', baseMs, 0, weekMs)
  return JSON.stringify({ baseMs, capMs: checkInteger('backoff.capMs', capMs, 0, weekMs) })
}

/** The columns that have no say in whether two tasks are the same, since other columns say it, or the caller did not ask for it. */
const uncounted: ReadonlySet<string> = new Set<keyof NewRow>([
  ...([
    'id',
    'run_at',
    'delay_ms',
    'rank',
    'dependencies',
    'open_dependencies',
    'requires',
    'queue',
  ] as const),
  ...(['idempotency_key', 'created_by'] as const),
])

/**
 * A hash of what was asked for, whatever the order of keys. Who asked does not matter. Every column counts that is not
 * named above; one that came later only where it is not null, so that older tasks keep their hashes.
 */
function fingerprint(
  asked: NewTask,
  task: Omit<TaskToInsert, 'fingerprint' | keyof typeof givenChecksums>,
): string {
  const { description, priority, parents, payload, lane, max_attempts, backoff, ...rest } = task
  const when = [asked.id, asked.runAt?.toISOString(), asked.delayMs].map(value => value ?? null)
  const what = [description, priority, lane, max_attempts, backoff]
  const edges = parents.map(({ id, onFailure }) => [id, onFailure]).sort()
  const data = payload === null ? [] : [sortKeys(decodeJson(payload))]
  const more = Object.entries(rest).filter(([column, value]) => value !== null && !uncounted.has(column))
  return hash('sha256', JSON.stringify([when, what, edges, data, ...more.sort()]))
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map(key => [key, sortKeys(value[key] ?? null)]))
}
