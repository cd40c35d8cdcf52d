import type { Row } from '../db.ts'
import { type ForeignOptions, inSlot, timeLimit } from '../foreign-statements.ts'
import type { Bound } from '../sql.ts'
import type { Workplace } from './offload.ts'
import { runInProcess } from './process.ts'

/**
 * Runs a statement of a caller's own in a process of its own, which is killed when the time is over: a statement of
 * SQLite that runs in a thread cannot be stopped.
 * @throws Deadline, and Busy when others took all the time
 */
export function queryInProcess(
  place: Workplace,
  statement: { text: string; params: Bound[] },
  options: ForeignOptions,
): Promise<Row[]> {
  const input = { ...statement, isGuest: options.caller !== undefined }
  const timeoutMs = timeLimit(options)
  const waitMs = Math.min(place.waitMs, timeoutMs ?? Number.POSITIVE_INFINITY)
  return inSlot(options, limit =>
    runInProcess(
      { name: 'query', input, ...place, waitMs, timeoutMs },
      { signal: limit, isConfined: true, hint: 'Perhaps it needed too much memory: ask for fewer rows.' },
    ),
  )
}
