import { HivewaxError, type Memory } from '../../src/index.ts'
import { type MeasureResult, type Progress, progressKey, remembered } from './swarm.ts'

/** Begins to count, from what is done already when the run was interrupted. */
export async function startProgress(memory: Memory, run: number, taskIds: readonly string[]): Promise<void> {
  const progress: Progress = { run, files: 0, lines: 0, tasksDone: 0, tasks: taskIds.length }
  for (const id of taskIds) {
    const task = await memory.tasks.get(id)
    if (task?.status !== 'completed') continue
    progress.tasksDone++
    // Link and report tasks have results of another kind, without files.
    const { measured = 0, recalled = 0, lines = 0 } = remembered<Partial<MeasureResult>>(task.result)
    progress.files += measured + recalled
    progress.lines += lines
  }
  await memory.updateSharedState(progressKey, progress)
}

/**
 * Adds to what all workers add to. Each says which version it has read; when another one was faster, the memory
 * refuses the update, and it is done again on top of the other's.
 */
export async function addProgress(memory: Memory, files: number, lines: number): Promise<void> {
  for (;;) {
    const entry = await memory.shared.get(progressKey)
    if (entry === undefined) return
    const before = remembered<Progress>(entry.value)
    const after: Progress = {
      ...before,
      files: before.files + files,
      lines: before.lines + lines,
      tasksDone: before.tasksDone + 1,
    }
    try {
      await memory.updateSharedState(progressKey, after, { expectedVersion: entry.version })
      return
    } catch (error) {
      if (!(error instanceof HivewaxError && error.code === 'conflict')) throw error
    }
  }
}
