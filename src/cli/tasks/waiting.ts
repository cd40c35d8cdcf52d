import { knownPriority } from '../../tasks/claim-order.ts'
import { namesIn } from '../../tasks/task.ts'
import { toDate, toOptionalDate } from '../../util/time.ts'
import type { WaitingTask } from './board.ts'

/** A waiting task as a statement gives it. */
export interface WaitingRow {
  id: string
  description: string
  priority: string | null
  queue: string
  dependencies: string | null
  open_dependencies: number
  run_at: string | null
  attempts: number
  max_attempts: number
  created_at: string | null
  updated_at: string
}

export const waitingColumns = `id, description, priority, queue, dependencies, open_dependencies, run_at, attempts,
  max_attempts, created_at, updated_at`

export function toWaiting(row: WaitingRow): WaitingTask {
  return {
    id: row.id,
    description: row.description,
    priority: knownPriority(row.priority),
    queue: row.queue,
    dependencies: namesIn(row.dependencies),
    openDependencies: row.open_dependencies,
    runAt: toOptionalDate(row.run_at),
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    createdAt: toDate(row.created_at ?? row.updated_at),
  }
}
