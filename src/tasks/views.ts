import type { View } from '../view.ts'
import type { TaskComment } from './comments.ts'
import type { TaskQueue } from './queue-limits.ts'
import type { Schedule } from './schedule.ts'
import { outcomeOf, stateOf } from './state-in-words.ts'
import type { ClaimedTask, Task } from './task.ts'

export const taskView: View<Task> = {
  columns: ['id', ['state', stateOf], 'description', 'assignedTo', ['outcome', outcomeOf], 'priority'],
  rest: 'description',
  fields: [
    'id',
    'description',
    'status',
    'priority',
    'assignedTo',
    'dependencies',
    'queue',
    'requires',
    'payload',
    'progress',
    'result',
    'runAt',
    'attempts',
    'maxAttempts',
    'backoff',
    'errors',
    'causedBy',
    'idempotencyKey',
    'createdBy',
    'createdAt',
    'updatedAt',
    'claimedAt',
    'completedAt',
    'labels',
    'parentId',
    'revision',
  ],
}

export const claimView: View<ClaimedTask> = {
  columns: ['id', 'token', 'description', 'payload', 'attempt', 'leaseUntil'],
  rest: 'description',
  fields: [...taskView.fields, 'token', 'attempt', 'leaseMs', 'leaseUntil'],
}

export const commentView: View<TaskComment> = {
  columns: ['number', 'body', 'author', 'createdAt'],
  rest: 'body',
  fields: ['taskId', 'number', 'body', 'createdAt', 'author'],
}

export const queueView: View<TaskQueue> = {
  columns: ['queue', 'ready', 'running', 'maxRunning'],
  rest: 'queue',
  fields: ['queue', 'ready', 'running', 'maxRunning'],
}

export const scheduleView: View<Schedule> = {
  columns: ['id', ['when', when], 'nextAt', 'lastAt', 'task'],
  rest: 'task',
  fields: ['id', 'cron', 'everyMs', 'timezone', 'overlap', 'task', 'nextAt', 'lastAt', 'lastTaskId'],
}

function when({ cron, everyMs, timezone }: Schedule): string {
  if (cron === undefined) return `every ${(everyMs ?? 0) / 1000} s`
  return timezone === undefined ? cron : `${cron} (${timezone})`
}
