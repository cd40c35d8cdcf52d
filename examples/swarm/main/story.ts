import { HivewaxError, type Memory } from '../../../src/index.ts'
import {
  type Claim,
  consensusPrefix,
  type Killed,
  plannerIds,
  remembered,
  swarmId,
  victimId,
  workerIds,
} from '../swarm.ts'
import { untilEvent } from '../wait.ts'
import type { Child, Processes } from './processes.ts'

/** How long the processes have to start, in seconds, before they are missed. */
const startSeconds = 60

/** Before the run: who belongs to the swarm, and who is to talk to whom. */
export async function arrange(memory: Memory): Promise<void> {
  const expected = { swarmId, ttl: startSeconds }
  for (const id of plannerIds) await memory.registerAgent({ ...expected, id, type: 'planner' })
  for (const id of workerIds) await memory.registerAgent({ ...expected, id, type: 'worker' })
  await memory.topology.save({ swarmId, topologyType: 'star', nodes: [...plannerIds, ...workerIds] })
}

/**
 * One run: the processes are started; the worker that holds a task and the planner that leads are killed; and the
 * others finish the work.
 * @param since the id of the last event before the run
 */
export async function performRun(
  memory: Memory,
  processes: Processes,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const [first, second] = plannerIds
  const planner = processes.start('planner.ts', first, String(since))
  const victim = processes.start('worker.ts', victimId, String(since), '--pause')
  const claim = await untilPaused(memory, since, signal)
  processes.start('planner.ts', second, String(since))
  for (const id of workerIds) if (id !== victimId) processes.start('worker.ts', id, String(since))
  if (claim !== undefined) {
    await kill(memory, processes, victim, claim)
    await kill(memory, processes, planner)
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

/** SIGKILL: the process cannot tidy up, say goodbye or finish anything. */
async function kill(memory: Memory, processes: Processes, child: Child, claim?: Claim): Promise<void> {
  await processes.kill(child)
  const killed: Killed = { agent: child.name, pid: child.process.pid ?? null, ...claim }
  await memory.logEvent('process.killed', killed)
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
