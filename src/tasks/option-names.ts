import { type Names, optionCheck, optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { NewBackoff } from './attempts.ts'
import type { NewTask } from './new-task.ts'
import type { ClaimedTask } from './task.ts'
import type { Tasks } from './tasks.ts'

/** A whole task may be passed for its claim. */
const claimed: Names<keyof ClaimedTask> = {
  id: true,
  description: true,
  status: true,
  priority: true,
  assignedTo: true,
  dependencies: true,
  queue: true,
  requires: true,
  payload: true,
  progress: true,
  result: true,
  runAt: true,
  attempts: true,
  maxAttempts: true,
  backoff: true,
  errors: true,
  causedBy: true,
  idempotencyKey: true,
  createdBy: true,
  createdAt: true,
  updatedAt: true,
  claimedAt: true,
  completedAt: true,
  labels: true,
  parentId: true,
  revision: true,
  token: true,
  attempt: true,
  leaseMs: true,
  leaseUntil: true,
}
const task: Names<keyof NewTask> = {
  id: true,
  description: true,
  priority: true,
  dependencies: true,
  payload: true,
  queue: true,
  requires: true,
  runAt: true,
  delayMs: true,
  maxAttempts: true,
  backoff: true,
  idempotencyKey: true,
  createdBy: true,
  labels: true,
  parentId: true,
}
const claim = { agentId: true, capabilities: true, queues: true, leaseMs: true } as const

/** Refuses what a method does not know. */
export const checkTasks = optionChecks<Tasks>('tasks', {
  create: task,
  createMany: task,
  claim: { ...claim, limit: true },
  heartbeat: { ...claimed, progress: true, leaseMs: true },
  heartbeatMany: { leaseMs: true },
  complete: { ...claimed, result: true },
  completeMany: { ...claimed, result: true },
  stale: claimed,
  work: { ...claim, concurrency: true, signal: true, drainMs: true, untilEmpty: true },
  schedule: { id: true, cron: true, everyMs: true, timezone: true, overlap: true, task: true },
  schedules: page,
  fail: { ...claimed, error: true, retry: true },
  release: { ...claimed, delayMs: true },
  redrive: { limit: true },
  update: {
    description: true,
    priority: true,
    payload: true,
    queue: true,
    requires: true,
    runAt: true,
    delayMs: true,
    maxAttempts: true,
    backoff: true,
    labels: true,
    addLabels: true,
    removeLabels: true,
    parentId: true,
    addDependencies: true,
    removeDependencies: true,
    expectedRevision: true,
  },
  comments: page,
  list: {
    status: true,
    assignedTo: true,
    priority: true,
    queue: true,
    label: true,
    parentId: true,
    order: true,
    ...page,
  },
  queues: page,
  prune: { olderThan: true },
  graph: { rootId: true, limit: true },
})

export const checkBackoff = optionCheck('backoff', { baseMs: true, capMs: true } satisfies Names<
  keyof NewBackoff
>)
