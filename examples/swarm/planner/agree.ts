import type { ConsensusState, Memory } from '../../../src/index.ts'
import { SwarmError } from '../errors.ts'
import { allRecords, totals } from '../files.ts'
import { consensusKey, plannerId, remembered, workerIds } from '../swarm.ts'
import { lastEventId, untilEvent } from '../wait.ts'

/** How long the workers have for their votes. */
const deadlineMs = 10_000

/**
 * Has the workers vote on whether the work is complete. All four may vote and three must accept, so it does not
 * depend on the one that died. Returns the decision.
 */
export async function agree(memory: Memory, run: number, stop: AbortSignal): Promise<ConsensusState> {
  const key = consensusKey(run)
  const known = await memory.getConsensusState(key)
  if (known?.status === 'decided') return known
  const since = await lastEventId(memory)
  await memory.proposeConsensus(key, {
    value: { ...totals(await allRecords(memory)) },
    proposer: plannerId,
    voters: workerIds,
    quorum: 3,
    deadline: deadlineMs,
  })
  await untilVoted(memory, key, since, stop)
  const state = await memory.getConsensusState(key)
  if (state?.status === 'decided') return state
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
