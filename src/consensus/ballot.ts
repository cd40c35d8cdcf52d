import { Conflict, InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import type { ConsensusState } from './consensus-state.ts'
import { weigh } from './proposal.ts'
import { outcome } from './quorum.ts'

/**
 * The proposal after a vote, or undefined when the voter had voted the same way before and nothing changes.
 * @throws InvalidInput when the voter is none of the voters; Conflict when it voted the other way, or the
 *   ballot is no longer open
 */
export function castVote(state: ConsensusState, voter: string, accepts: boolean): ConsensusState | undefined {
  if (state.voters?.includes(voter) === false) throw noVoter(state, voter)
  if ((accepts ? state.acceptors : state.rejectors).includes(voter)) return undefined
  if ((accepts ? state.rejectors : state.acceptors).includes(voter)) throw contrary(state, voter, accepts)
  if (state.status !== 'open') throw closed(state)
  const weight = weigh([voter], state.weights)
  return settle({
    ...state,
    acceptors: accepts ? [...state.acceptors, voter] : state.acceptors,
    rejectors: accepts ? state.rejectors : [...state.rejectors, voter],
    accepts: state.accepts + (accepts ? weight : 0),
    rejects: state.rejects + (accepts ? 0 : weight),
  })
}

/** The same proposal with the status that its counts make. Without voters it stays open. */
function settle(state: ConsensusState): ConsensusState {
  const { voters, weights, quorum, accepts, rejects } = state
  if (voters === undefined || quorum === undefined) return state
  return { ...state, status: outcome({ accepts, rejects, total: weigh(voters, weights), quorum }) }
}

/** The error for changing what is decided. */
export function final(state: ConsensusState): Conflict {
  return new Conflict(`${describe(state.key)} is decided, in version ${state.version}`, {
    hint: 'Read the decision; propose other values under other keys.',
    details: { key: state.key, version: state.version, value: state.value },
  })
}

/** The error for a vote on another ballot than the current one. */
export function stale(state: ConsensusState, ballot: number): Conflict {
  return new Conflict(
    `the vote is for ballot ${ballot} of ${describe(state.key)}; the current one is ${state.version}`,
    {
      hint: 'Read the proposal again, then vote on what it says.',
      details: { key: state.key, version: state.version, value: state.value },
    },
    'stale_token',
  )
}

function noVoter({ key, voters }: ConsensusState, voter: string): InvalidInput {
  return new InvalidInput(`${describe(voter)} is none of the ${voters?.length} voters on ${describe(key)}`, {
    details: { key, voter },
  })
}

function contrary({ key, version }: ConsensusState, voter: string, accepts: boolean): Conflict {
  const did = accepts ? 'rejected' : 'accepted'
  return new Conflict(
    `${describe(voter)} has ${did} ballot ${version} of ${describe(key)}; a vote is final`,
    {
      details: { key, version, voter },
    },
  )
}

function closed({ key, version, status }: ConsensusState): Conflict {
  return new Conflict(`ballot ${version} of ${describe(key)} is ${status}; it takes no more votes`, {
    hint: status === 'decided' ? 'Read the decision.' : 'Propose the value again for a new ballot.',
    details: { key, version, status },
  })
}
