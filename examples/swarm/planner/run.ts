import type { Leadership, Memory } from '../../../src/index.ts'
import { allRecords, totals } from '../files.ts'
import { type RunState, remembered, type SessionData, swarmId } from '../swarm.ts'

/** Unused for so long, a session is forgotten. */
const sessionTtlSeconds = 90 * 86_400

/**
 * Goes on with the run that was interrupted, or else begins the next one. Undefined when another planner has
 * finished it.
 * @param since the id of the last event before the swarm was started
 */
export async function beginRun(memory: Memory, since: number): Promise<RunState | undefined> {
  const finished = await memory.events.latest({ types: ['swarm.finished'] })
  if (finished !== undefined && finished.id > since) return undefined
  await openSession(memory)
  const last = remembered<RunState | undefined>(await memory.getWorkflowState(swarmId))
  if (last?.status === 'running') {
    await memory.logEvent('swarm.resumed', { run: last.run })
    return last
  }
  const startedAt = new Date().toISOString()
  const next: RunState = { run: (last?.run ?? 0) + 1, status: 'running', startedAt, since }
  await memory.transaction(async tx => {
    await tx.saveWorkflowState(swarmId, next, { workflowType: 'measure-directory' })
    await tx.logEvent('swarm.started', { run: next.run })
  })
  return next
}

/**
 * Marks the run as done, in the workflow, in the session and for all subscribers, at once. Refused when the planner
 * does not lead any more.
 */
export async function finishRun(memory: Memory, { name, term }: Leadership, run: RunState): Promise<void> {
  const { files, lines } = totals(await allRecords(memory))
  const session: SessionData = { runs: run.run, lastRunAt: new Date().toISOString(), files, lines }
  await memory.transaction(async tx => {
    await tx.locks.assert({ name, token: term })
    await tx.saveWorkflowState(swarmId, { ...run, status: 'done' })
    await tx.updateSession(swarmId, { ...session })
    await tx.logEvent('swarm.finished', { run: run.run })
  })
}

async function openSession(memory: Memory): Promise<void> {
  const session = await memory.resumeSession(swarmId)
  if (session !== undefined) return
  const data: SessionData = { runs: 0, lastRunAt: new Date().toISOString(), files: 0, lines: 0 }
  await memory.createSession(data, { id: swarmId, ttl: sessionTtlSeconds })
}
