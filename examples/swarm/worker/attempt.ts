import { type ClaimedTask, HivewaxError, type Memory } from '../../../src/index.ts'
import { addProgress } from '../progress.ts'
import { leaseMs, remembered, type Work } from '../swarm.ts'
import { linkFiles } from './link.ts'
import { measureFiles } from './measure.ts'
import { report } from './report.ts'

/** Awaited in the middle of a task, with how many files are done. */
export type HalfWay = (done: number) => Promise<void>

/** Does a task while its lease is renewed, so that nobody takes it away as long as this process is alive. */
export async function attempt(memory: Memory, task: ClaimedTask, halfWay: HalfWay): Promise<void> {
  const { id, token } = task
  // A renewal that fails needs no answer: should the lease lapse for it, completing the task is refused.
  const renew = () => memory.tasks.heartbeat({ id, token, leaseMs }).catch(() => {})
  const renewing = setInterval(renew, leaseMs / 4)
  try {
    await perform(memory, task, halfWay)
  } catch (error) {
    // The task has gone to another worker: it is no concern of this one any more.
    if (!(error instanceof HivewaxError && error.code === 'stale_token')) throw error
  } finally {
    clearInterval(renewing)
  }
}

/** Each kind of work ends with one transaction that stores what was found and completes the task. */
async function perform(memory: Memory, task: ClaimedTask, halfWay: HalfWay): Promise<void> {
  const work = remembered<Work>(task.payload)
  const startMs = performance.now()
  if (work.kind === 'measure') {
    const { measured, recalled, lines } = await measureFiles(memory, task, work, halfWay)
    await addProgress(memory, measured + recalled, lines)
  } else {
    await halfWay(0)
    if (work.kind === 'link') await linkFiles(memory, task)
    else await report(memory, task, work.report)
    await addProgress(memory, 0, 0)
  }
  await memory.metrics.record('task_ms', performance.now() - startMs, { kind: work.kind })
}
