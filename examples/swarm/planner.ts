import type { Memory } from '../../src/index.ts'
import { runAgent } from './agent.ts'
import { SwarmError } from './errors.ts'
import { forgetMissing } from './files.ts'
import { agree } from './planner/agree.ts'
import { createTasks, redriveEnded, registerSwarm } from './planner/plan.ts'
import { beginRun, finishRun } from './planner/run.ts'
import { scan } from './planner/scan.ts'
import { startProgress } from './progress.ts'
import { remembered, swarmId } from './swarm.ts'
import { lastEventId, untilEvent } from './wait.ts'

/**
 * The planner: divides the work into tasks, waits for the workers, and has them agree on the outcome. Each of its
 * steps is checkpointed, so that a planner that dies is followed by one that goes on where it stopped.
 */
await runAgent(async (memory, stop) => {
  const run = await beginRun(memory)
  const step = <T>(name: string, fn: () => Promise<T>) =>
    memory.workflows.step(swarmId, name, fn, { iteration: run.run })

  await registerSwarm(memory)
  const { files, unreadable, isCut } = await step('scan', () => scan('.'))
  const removed = await step('forget', () => forgetMissing(memory, files))
  const tasks = await step('plan', () => createTasks(memory, run.run, files))
  await redriveEnded(memory, tasks)
  await startProgress(memory, run.run, tasks)
  await memory.logEvent('swarm.planned', {
    run: run.run,
    files: files.length,
    tasks: tasks.length,
    removed,
    unreadable,
    isCut,
  })

  await untilDone(memory, tasks, stop)
  await step('agree', () => agree(memory, run.run, stop))
  await finishRun(memory, run)
})

/** Waits until every task is completed. A task that ends otherwise ends the run. */
async function untilDone(memory: Memory, taskIds: readonly string[], signal: AbortSignal): Promise<void> {
  const since = await lastEventId(memory)
  const open = new Set<string>()
  for (const id of taskIds) if ((await memory.tasks.get(id))?.status !== 'completed') open.add(id)
  if (open.size === 0) return
  const types = ['task.completed', 'task.failed', 'task.dead', 'task.cancelled']
  await untilEvent(memory, { types, since, signal }, event => {
    const { taskId, status } = remembered<{ taskId: string; status: string }>(event.data)
    // A failed attempt leaves the task pending, for the next one.
    if (status !== 'pending' && open.delete(taskId) && status !== 'completed') {
      throw new SwarmError(`task ${taskId} is ${status}: ${JSON.stringify(event.data)}`)
    }
    return open.size === 0
  })
}
