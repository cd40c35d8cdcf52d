import type { Json } from '../util/json.ts'
import type { Task } from './task.ts'

/** How a task stands, as people say it: `ready`, `running, 45 %`, `retry 2 of 3`, `failed with build`. */
export function stateOf(task: Task, nowMs: number): string {
  const { status, attempts, maxAttempts, runAt, progress, causedBy, dependencies } = task
  if (status === 'running') return typeof progress === 'number' ? `running, ${progress} %` : status
  if (status !== 'pending') return causedBy === undefined ? status : `${status} with ${causedBy}`
  if (attempts > 0) return `retry ${attempts + 1} of ${maxAttempts}`
  if (runAt !== undefined && runAt.getTime() > nowMs) return 'scheduled'
  // Whether those that it names have all ended, the task itself does not say.
  return dependencies.length === 0 ? 'ready' : status
}

/** What came of it: the result of a task that has completed, of another the error of its last attempt. */
export function outcomeOf({ status, result, errors }: Task): Json | undefined {
  return status === 'completed' ? result : messageOf(errors.at(-1)?.error)
}

/** The message of an error that has one. */
function messageOf(error: Json | undefined): Json | undefined {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return error
  return error.message ?? error
}
