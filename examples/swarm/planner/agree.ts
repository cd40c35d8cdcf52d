import type { Memory } from '../../../src/index.ts'
import { ownName } from '../agent.ts'
import { SwarmError } from '../errors.ts'
import { allRecords, totals } from '../files.ts'
import { consensusKey, patience, remembered, workerIds } from '../swarm.ts'
import { lastEventId, untilEvent } from '../wait.ts'

/** How long the workers have for their votes. */
const deadlineMs = 10_000 * patience

/**
 * Has the workers vote on whether the work is complete. All four may vote and three must accept, so it does not
 * depend on the one that died.
 */
export async function agree(memory: Memory, run: number, stop: AbortSignal): Promise<void> {
  const key = consensusKey(run)
  const known = await memory.getConsensusState(key)
  if (known?.status === 'decided') return
  const since = await lastEventId(memory)
  await memory.proposeConsensus(key, {
    value: { ...totals(await allRecords(memory)) },
    proposer: ownName(),
    voters: workerIds,
    quorum: 3,
    deadline: deadlineMs,
  })
  await untilVoted(memory, key, since, stop)
  const state = await memory.getConsensusState(key)
  if (state?.status !== 'decided')
    throw new SwarmError(`the workers did not agree that the work is complete: ${JSON.stringify(state)}`)
}

/** Until it is decided or rejected, or the time for votes is over. */
async function untilVoted(memory: Memory, key: string, since: number, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(deadlineMs)])
  const types = ['consensus.decided', 'consensus.rejected']
  try {
    await untilEvent(
      memory,
      { types, since, signal },
      event => remembered<{ key: string }>(event.data).key === key,
    )
  } catch (error) {
    if (stop.aborted || !signal.aborted) throw error
  }
}
