import { HivewaxError, type Memory } from '../../../src/index.ts'
import { type Claim, consensusPrefix, remembered, victimId, workerIds } from '../swarm.ts'
import { untilEvent } from '../wait.ts'
import type { Child, Processes } from './processes.ts'

/**
 * One run: the processes are started, one is killed while it holds a task, and the others finish the work.
 * @param since the id of the last event before the run
 */
export async function performRun(
  memory: Memory,
  processes: Processes,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  processes.start('planner.ts', 'planner')
  const victim = processes.start('worker.ts', victimId, String(since), '--pause')
  const claim = await untilPaused(memory, since, signal)
  for (const id of workerIds) if (id !== victimId) processes.start('worker.ts', id, String(since))
  if (claim !== undefined) {
    await kill(memory, processes, victim, claim)
    await untilEvent(
      memory,
      { types: ['task.completed'], since, signal },
      event => remembered<Claim>(event.data).taskId === claim.taskId,
    )
    await returnFromTheDead(memory, claim)
  }
  await untilEvent(memory, { types: ['swarm.finished'], since, signal }, () => true)
}

/** Waits until the worker is in the middle of a task. Undefined when, in a resumed run, none was left for it. */
async function untilPaused(memory: Memory, since: number, signal: AbortSignal): Promise<Claim | undefined> {
  let claim: Claim | undefined
  const types = ['worker.paused', 'consensus.proposed', 'swarm.finished']
  await untilEvent(memory, { types, since, signal }, event => {
    if (event.type === 'worker.paused') claim = remembered<Claim>(event.data)
    if (event.type !== 'consensus.proposed') return true
    return remembered<{ key: string }>(event.data).key.startsWith(consensusPrefix)
  })
  return claim
}

/** SIGKILL: the worker cannot tidy up, say goodbye or finish anything. */
async function kill(memory: Memory, processes: Processes, victim: Child, claim: Claim): Promise<void> {
  await processes.kill(victim)
  await memory.logEvent('worker.killed', { agent: victim.name, pid: victim.process.pid ?? null, ...claim })
}

/** What if it was not dead, but only slow? Its token is out of date, and what it brings is refused. */
async function returnFromTheDead(memory: Memory, { taskId, token }: Claim): Promise<void> {
  try {
    await memory.tasks.complete({ id: taskId, token, result: 'I am late' })
  } catch (error) {
    if (!(error instanceof HivewaxError && error.code === 'stale_token')) throw error
    await memory.logEvent('late-result.refused', { taskId, token, message: error.message })
    return
  }
  throw new Error(`the memory took a result for ${taskId} under token ${token}, which had lapsed`)
}
