import { checksummed } from '../../db/checksummed.ts'
import { verified } from '../../db/checksums.ts'
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
  rank: number | null
  run_at: string | null
  attempts: number
  max_attempts: number
  created_at: string | null
  updated_at: string
}

/** With the checksum of what its creator has given, and all that it covers. */
export const waitingColumns = [
  ...['id', 'open_dependencies', 'rank', 'run_at', 'attempts', 'created_at', 'updated_at', 'crc'],
  ...Object.keys(checksummed.tasks.checksums.crc),
].join(', ')

/** @throws Corrupt for a task that is not what was stored */
export function toWaiting(row: WaitingRow): WaitingTask {
  verified('tasks', row)
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
