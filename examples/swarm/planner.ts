import type { Leadership, Memory, Transaction } from '../../src/index.ts'
import { join, runAgent } from './agent.ts'
import { SwarmError } from './errors.ts'
import { forgetMissing } from './files.ts'
import { agree } from './planner/agree.ts'
import { createTasks, redriveEnded } from './planner/plan.ts'
import { beginRun, finishRun } from './planner/run.ts'
import { scan } from './planner/scan.ts'
import { leaseMs, officeName, type RunState, remembered, swarmId } from './swarm.ts'
import { lastEventId, untilEvent } from './wait.ts'

/**
 * A candidate for planner: waits until it is elected, and then leads the run to its end, from wherever the planner
 * before it had to leave it. Started as `planner.ts SINCE`, with the id of the last event before the run.
 */
await runAgent(async (memory, stop) => {
  using _alive = await join(memory, 'planner')
  await using office = await memory.locks.campaign(officeName, { leaseMs, signal: stop })
  const run = await beginRun(memory, Number(process.argv[2]))
  if (run === undefined) return
  await lead(memory, office, run, AbortSignal.any([stop, office.signal])).catch(error => {
    // It gave no sign of life for too long: another one leads by now.
    if (!office.signal.aborted) throw error
  })
})

/** Divides the work into tasks, waits for the workers, and has them agree on the outcome. */
async function lead(memory: Memory, office: Leadership, run: RunState, signal: AbortSignal): Promise<void> {
  const iteration = { iteration: run.run }
  /** A step whose effects are all in the memory: together with its checkpoint they happen exactly once. */
  const step = <T>(name: string, fn: (tx: Transaction) => Promise<T>) =>
    memory.transaction(tx => tx.workflows.step(swarmId, name, () => fn(tx), iteration))

  const found = await memory.workflows.step(swarmId, 'scan', () => scan('.'), iteration)
  const removed = await step('forget', tx => forgetMissing(tx, found.files))
  const tasks = await step('plan', tx => createTasks(tx, run.run, found, removed))
  await redriveEnded(memory, tasks)
  await untilDone(memory, tasks, signal)
  await memory.workflows.step(swarmId, 'agree', () => agree(memory, run.run, signal), iteration)
  await finishRun(memory, office, run)
}

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
