import type { ClaimedTask, Transaction } from '../../src/index.ts'
import { type Progress, progressKey, remembered } from './swarm.ts'

/**
 * Completes a task and counts it, within the transaction that stores what was found: all of it happens or nothing.
 * Refused when the task has gone to another worker.
 */
export async function finish(
  tx: Transaction,
  { id, token }: ClaimedTask,
  result: object,
  { files, lines } = { files: 0, lines: 0 },
): Promise<void> {
  await tx.tasks.complete({ id, token, result })
  const before = remembered<Progress>((await tx.shared.get(progressKey))?.value)
  const after: Progress = {
    ...before,
    files: before.files + files,
    lines: before.lines + lines,
    tasksDone: before.tasksDone + 1,
  }
  await tx.updateSharedState(progressKey, after)
}
