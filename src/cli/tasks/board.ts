import type { Priority } from '../../tasks/claim-order.ts'
import type { TaskQueue } from '../../tasks/queue-limits.ts'
import type { Task } from '../../tasks/task.ts'

/** What people want to know of all tasks at a glance. */
export interface Board {
  at: Date
  /** Where the store is. */
  url: string
  /** Can be claimed now: the first ones in the order of claims. */
  ready: Section<WaitingTask>
  /** Wait for others, or for their time. */
  waiting: Section<WaitingTask>
  /** The longest first, with those whose lease has lapsed. */
  running: Section<Task>
  /** The latest first, of those whose events the log still has. */
  done: Section<Task>
  /** Failed and dead, the latest first. */
  failed: Section<Task>
  cancelled: number
  /** Those with a limit. */
  queues: TaskQueue[]
  agents: { alive: string[]; more: boolean }
}

export interface Section<T> {
  /** Of all, of which `tasks` are some. */
  count: number
  tasks: T[]
}

export interface WaitingTask {
  id: string
  description: string
  priority: Priority
  queue: string
  /** Ids of the tasks that it depends on. */
  dependencies: string[]
  /** How many of them have yet to end. */
  openDependencies: number
  runAt: Date | undefined
  attempts: number
  maxAttempts: number
  createdAt: Date
}
