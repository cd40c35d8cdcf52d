import type { Row } from '../../db.ts'
import { answerLimits } from '../../foreign-statements.ts'
import type { Bound } from '../../sql.ts'
import { connected, type JobContext } from './job.ts'

/** More than the largest value of a store; the process of the job must hold several, and what it is asked to make. */
const maxValueBytes = 128 * 1024 * 1024

/** The rows of one reading statement of a caller's own. */
export async function query(
  { isGuest, ...statement }: { text: string; params: Bound[]; isGuest: boolean },
  { file, waitMs }: JobContext,
): Promise<Row[]> {
  return connected(
    file,
    { readOnly: true, waitMs, maxValueBytes },
    connection =>
      connection.runForeign({ ...statement, mode: isGuest ? 'guest' : 'query', limits: answerLimits }).rows,
  )
}
