import type { Memory } from '../../../src/index.ts'
import { capability, linkTaskId, plannerId, reportNames, swarmId, type Work, workerIds } from '../swarm.ts'
import { batches } from './batches.ts'
import type { FoundFile } from './scan.ts'

/** Makes the swarm known: who belongs to it, and who talks to whom. */
export async function registerSwarm(memory: Memory): Promise<void> {
  await memory.registerAgent({ id: plannerId, type: 'planner', swarmId })
  for (const id of workerIds) {
    await memory.registerAgent({ id, type: 'worker', swarmId, capabilities: [capability], ttl: 10 })
  }
  const nodes = [plannerId, ...workerIds]
  if ((await memory.topology.get(swarmId)) === undefined) {
    await memory.topology.save({ swarmId, topologyType: 'star', nodes })
  }
}

/**
 * Creates all tasks of a run, all or none: one for each batch of files, one that links what they find, and the
 * reports, which wait for the links. Returns their ids.
 */
export async function createTasks(
  memory: Memory,
  run: number,
  files: readonly FoundFile[],
): Promise<string[]> {
  const measure = measureTasks(run, files)
  const link = newTask(linkTaskId(run), 'link the files by their imports', { kind: 'link', run })
  const reports = reportNames.map(report =>
    newTask(`swarm-${run}/report-${report}`, `report on the ${report}`, { kind: 'report', run, report }),
  )
  const tasks = await memory.tasks.createMany([
    ...measure,
    { ...link, dependencies: measure.map(task => task.id) },
    ...reports.map(report => ({ ...report, dependencies: [link.id] })),
  ])
  return tasks.map(task => task.id)
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

/** The id is the idempotency key too: a planner that died after creating the tasks does not create them twice. */
function newTask(id: string, description: string, payload: Work) {
  return { id, description, payload, idempotencyKey: id, requires: [capability], maxAttempts: 5 }
}
