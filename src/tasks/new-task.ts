import { hash } from 'node:crypto'
import type { Context } from '../context.ts'
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
import { type Dependency, failurePolicies, type OnFailure } from './dependencies.ts'
import { defaultQueue, laneText } from './lanes.ts'
import { nextMicros, type Priority, priorities, rankOf } from './rank.ts'

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
  /** Only who has all of these capabilities can claim the task. */
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
  /** Default: the handle's agent. */
  createdBy?: string | undefined
}

/** A checked new task, as the columns take it. */
export interface TaskToInsert {
  id: string
  description: string
  priority: Priority
  parents: { id: string; onFailure: OnFailure }[]
  payload: string | undefined
  queue: string
  lane: string | undefined
  requires: string | undefined
  runAt: Date | undefined
  /** Instead of `runAt`: how long to wait from now, in whole milliseconds. */
  delayMs: number | undefined
  /** Undefined for a task with a time to wait for: it gets its rank when it is due. */
  rank: number | undefined
  maxAttempts: number
  backoff: string | undefined
  idempotencyKey: string | undefined
  /** Tells whether two tasks with one idempotency key are the same. */
  fingerprint: string | undefined
  createdBy: string | undefined
}

const maxParents = 1_000
const weekMs = 604_800_000

/** Past the last time that can be stored, which is when a task that waits so long is due. */
export const longestDelayMs = 8_000 * 365 * 86_400_000

/** Checks what somebody asked for, and fills in the defaults. */
export function prepareTask(context: Context, task: NewTask): TaskToInsert {
  const priority = checkOneOf('priority', task.priority ?? 'medium', priorities)
  const requires = checkNames('requires', task.requires ?? [], 100).sort()
  const queue = checkName('queue', task.queue ?? defaultQueue)
  const prepared = {
    id: task.id === undefined ? uuidv7(context.clock.now()) : checkName('id', task.id),
    description: checkText('description', task.description),
    priority,
    parents: checkParents(task.dependencies ?? []),
    payload:
      task.payload === undefined ? undefined : encodeJson('payload', task.payload, context.maxValueBytes),
    queue,
    lane: laneText({ queue, requires }),
    requires: requires.length === 0 ? undefined : JSON.stringify(requires),
    ...start(context, task, priority),
    maxAttempts: checkInteger('maxAttempts', task.maxAttempts ?? defaultMaxAttempts, 1, 1_000),
    backoff: checkBackoff(task.backoff),
    idempotencyKey:
      task.idempotencyKey === undefined ? undefined : checkName('idempotencyKey', task.idempotencyKey),
    createdBy: task.createdBy === undefined ? context.agentId : checkName('createdBy', task.createdBy),
  }
  return { ...prepared, fingerprint: prepared.idempotencyKey && fingerprint(task, prepared) }
}

function start(
  context: Context,
  { runAt, delayMs }: NewTask,
  priority: Priority,
): Pick<TaskToInsert, 'runAt' | 'delayMs' | 'rank'> {
  const later = { runAt: undefined, delayMs: undefined, rank: undefined }
  if (delayMs === undefined) {
    if (runAt !== undefined) return { ...later, runAt: checkTime('runAt', runAt) }
    return { ...later, rank: rankOf(nextMicros(context.clock), priority) }
  }
  if (runAt !== undefined) throw new InvalidInput('pass runAt or delayMs, not both')
  return { ...later, delayMs: Math.min(Math.round(checkNumber('delayMs', delayMs, 0)), longestDelayMs) }
}

function checkParents(dependencies: readonly (string | Dependency)[]): TaskToInsert['parents'] {
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

function checkBackoff(backoff: NewBackoff | undefined): string | undefined {
  if (backoff === undefined) return undefined
  const { baseMs = defaultBackoff.baseMs, capMs = Math.max(baseMs, defaultBackoff.capMs) } = backoff
  checkInteger('backoff.baseMs', baseMs, 0, weekMs)
  return JSON.stringify({ baseMs, capMs: checkInteger('backoff.capMs', capMs, 0, weekMs) })
}

/** A hash of what was asked for, whatever the order of keys. Who asked does not matter. */
function fingerprint(asked: NewTask, task: Omit<TaskToInsert, 'fingerprint'>): string {
  const { description, priority, parents, payload, lane, maxAttempts, backoff } = task
  const when = [asked.id, asked.runAt?.toISOString(), asked.delayMs].map(value => value ?? null)
  const what = [description, priority, lane ?? null, maxAttempts, backoff ?? null]
  const edges = parents.map(({ id, onFailure }) => [id, onFailure]).sort()
  const data = payload === undefined ? [] : [sortKeys(decodeJson(payload))]
  return hash('sha256', JSON.stringify([when, what, edges, data]))
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map(key => [key, sortKeys(value[key] ?? null)]))
}
