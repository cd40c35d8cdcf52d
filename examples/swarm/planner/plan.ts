import type { Memory, Transaction } from '../../../src/index.ts'
import {
  capability,
  linkTaskId,
  type Progress,
  progressKey,
  queue,
  reportNames,
  reportQueue,
  type Work,
} from '../swarm.ts'
import { batches } from './batches.ts'
import type { FoundFile, Scan } from './scan.ts'

/**
 * Creates all tasks of a run: one for each batch of files, one that links what they find, and the reports, which
 * wait for the links and take turns. Begins to count what is done, and says what was planned. Returns the ids.
 */
export async function createTasks(
  tx: Transaction,
  run: number,
  { files, unreadable, isCut }: Scan,
  removed: readonly string[],
): Promise<string[]> {
  const measure = measureTasks(run, files)
  const link = newTask(linkTaskId(run), 'link the files by their imports', { kind: 'link', run })
  const reports = reportNames.map(report => ({
    ...newTask(`swarm-${run}/report-${report}`, `report on the ${report}`, { kind: 'report', run, report }),
    queue: reportQueue,
  }))
  await tx.tasks.setLimit(reportQueue, 1)
  const created = await tx.tasks.createMany([
    ...measure,
    { ...link, dependencies: measure.map(task => task.id) },
    ...reports.map(report => ({ ...report, dependencies: [link.id] })),
  ])
  const tasks = created.length
  const progress: Progress = { run, files: 0, lines: 0, tasksDone: 0, tasks }
  await tx.updateSharedState(progressKey, progress)
  await tx.logEvent('swarm.planned', { run, files: files.length, tasks, removed, unreadable, isCut })
  return created.map(task => task.id)
}

/** Has tasks of an interrupted run tried again that had ended without success. Does nothing in a new run. */
export async function redriveEnded(memory: Memory, taskIds: readonly string[]): Promise<void> {
  for (const id of taskIds) {
    const task = await memory.tasks.get(id)
    if (task && ['failed', 'dead', 'cancelled'].includes(task.status)) await memory.tasks.redrive(id)
  }
}

/** The largest batches are the most urgent ones, so that none of them is still running when all else is done. */
function measureTasks(run: number, files: readonly FoundFile[]) {
  return batches(files).map((batch, i, all) => ({
    ...newTask(`swarm-${run}/measure-${i + 1}`, `measure ${batch.folder}`, {
      kind: 'measure',
      run,
      folder: batch.folder,
      files: batch.files,
    }),
    priority: i < all.length / 4 ? ('high' as const) : ('medium' as const),
  }))
}

function newTask(id: string, description: string, payload: Work) {
  return { id, description, payload, queue, requires: [capability], maxAttempts: 5 }
}
