import type { Context } from '../context.ts'
import { Conflict, InvalidInput } from '../errors.ts'
import { checkInteger, checkName, checkNames, checkNumber, checkOneOf, checkText } from '../util/check.ts'
import { encodeJson } from '../util/json.ts'
import { checkTime } from '../util/time.ts'
import type { NewBackoff } from './attempts.ts'
import { type Priority, priorities } from './claim-order.ts'
import type { Dependency } from './dependencies.ts'
import {
  checkBackoff,
  checkLabels,
  checkParents,
  longestDelayMs,
  maxParents,
  type Parent,
} from './new-task.ts'
import type { TaskStatus } from './task.ts'

/** What is to be different about a task; what is left out stays. */
export interface TaskChanges {
  description?: string | undefined
  /** Its age counts as before. */
  priority?: Priority | undefined
  /** Any JSON, in place of the one it had. A worker that has the task already is not told. */
  payload?: unknown
  queue?: string | undefined
  /** All capabilities that its claimant must have. */
  requires?: readonly string[] | undefined
  /** Not to be claimed before this time; one that is past is now. */
  runAt?: Date | undefined
  /** Not to be claimed for so many milliseconds from now, instead of `runAt`. */
  delayMs?: number | undefined
  maxAttempts?: number | undefined
  backoff?: NewBackoff | undefined
  /** All its labels, in place of those it had. */
  labels?: readonly string[] | undefined
  addLabels?: readonly string[] | undefined
  removeLabels?: readonly string[] | undefined
  /** The task that it is a part of; an empty text for none. */
  parentId?: string | undefined
  /** Tasks that it waits for from now on; one that it waits for already takes the new `onFailure`. */
  addDependencies?: readonly (string | Dependency)[] | undefined
  /** Ids of tasks that it waits for no more; others are passed over. */
  removeDependencies?: readonly string[] | undefined
  /** Refuse unless the task has this revision. */
  expectedRevision?: number | undefined
}

/** Checked changes, as the columns take them; undefined stays. */
export interface CheckedChanges {
  description: string | undefined
  priority: Priority | undefined
  payload: string | undefined
  queue: string | undefined
  requires: readonly string[] | undefined
  runAt: Date | undefined
  delayMs: number | undefined
  maxAttempts: number | undefined
  backoff: string | null | undefined
  labels: readonly string[] | undefined
  addLabels: readonly string[]
  removeLabels: readonly string[]
  parentId: string | undefined
  added: readonly Parent[]
  removed: readonly string[]
  expectedRevision: number | undefined
}

const given = <T, R>(value: T | undefined, check: (value: T) => R): R | undefined =>
  value === undefined ? undefined : check(value)

export function checkChanges({ maxValueBytes }: Context, changes: TaskChanges): CheckedChanges {
  if (changes.runAt !== undefined && changes.delayMs !== undefined)
    throw new InvalidInput('pass runAt or delayMs, not both')
  const added = checkParents(changes.addDependencies ?? [])
  const removed = checkNames('removeDependencies', changes.removeDependencies ?? [], maxParents)
  const both = added.find(({ id }) => removed.includes(id))
  if (both !== undefined)
    throw new InvalidInput(`dependency ${JSON.stringify(both.id)} is to be added and to be removed`)
  return {
    description: given(changes.description, text => checkText('description', text)),
    priority: given(changes.priority, word => checkOneOf('priority', word, priorities)),
    payload: given(changes.payload, value => encodeJson('payload', value, maxValueBytes)),
    queue: given(changes.queue, name => checkName('queue', name)),
    requires: given(changes.requires, names => checkNames('requires', names, 100).sort()),
    runAt: given(changes.runAt, time => checkTime('runAt', time)),
    delayMs: given(changes.delayMs, ms =>
      Math.min(Math.round(checkNumber('delayMs', ms, 0)), longestDelayMs),
    ),
    maxAttempts: given(changes.maxAttempts, count => checkInteger('maxAttempts', count, 1, 1_000)),
    backoff: given(changes.backoff, checkBackoff),
    labels: given(changes.labels, labels => checkLabels('labels', labels)),
    addLabels: checkLabels('addLabels', changes.addLabels ?? []),
    removeLabels: checkLabels('removeLabels', changes.removeLabels ?? []),
    parentId: given(changes.parentId, id => (id === '' ? id : checkName('parentId', id))),
    added,
    removed,
    expectedRevision: given(changes.expectedRevision, number => checkInteger('expectedRevision', number, 0)),
  }
}

/** What says who may claim a task, and when: it stays as it is while somebody has the task. */
const placing: ReadonlySet<string> = new Set(['queue', 'requires', 'runAt', 'dependencies'])

/** What says where a task belongs, and nothing of how it is done. */
const filing: ReadonlySet<string> = new Set(['labels', 'parentId'])

/**
 * Refuses what cannot change any more, as a task stands.
 * @param fields that would change
 * @throws Conflict naming the first of them
 */
export function assertChangeable(
  { id, status }: { id: string; status: TaskStatus },
  fields: readonly string[],
): void {
  const refuse = (field: string, hint: string) =>
    new Conflict(`task ${JSON.stringify(id)} is ${status}: its ${field} cannot be changed`, {
      hint,
      details: { id, status, field },
    })
  if (status === 'running') {
    const field = fields.find(field => placing.has(field))
    if (field !== undefined)
      throw refuse(field, 'Somebody has claimed it by that. Wait until it has ended, or cancel it first.')
  }
  if (status === 'completed') {
    const field = fields.find(field => !filing.has(field))
    if (field !== undefined) throw refuse(field, 'What was done stays on record. Create another task.')
  }
  if (['failed', 'cancelled', 'dead'].includes(status) && fields.includes('runAt'))
    throw refuse('runAt', 'Redrive it first: it then waits to be claimed.')
}
