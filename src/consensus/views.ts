import type { View } from '../view.ts'
import type { ConsensusState } from './consensus-state.ts'
import type { RecordedVote } from './votes.ts'

export const consensusView: View<ConsensusState> = {
  columns: ['key', 'status', 'value', ['votes', votes], 'proposer', 'deadline'],
  rest: 'value',
  fields: [
    'key',
    'value',
    'version',
    'proposer',
    'acceptors',
    'rejectors',
    'status',
    'voters',
    'weights',
    'quorum',
    'accepts',
    'rejects',
    'deadline',
    'decidedAt',
    'timestamp',
    'author',
  ],
}

/** `2 of 3`, the quorum, and those against it. */
function votes({ accepts, rejects, quorum }: ConsensusState): string {
  const against = rejects > 0 ? `, ${rejects} against` : ''
  return `${accepts}${quorum === undefined ? '' : ` of ${quorum}`}${against}`
}

export const voteView: View<RecordedVote> = {
  columns: ['voter', 'accepts', 'weight', 'ballot', 'votedAt'],
  rest: 'voter',
  fields: ['ballot', 'voter', 'accepts', 'weight', 'votedAt'],
}
