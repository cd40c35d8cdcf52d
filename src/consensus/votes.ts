import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import { toDate } from '../util/time.ts'

/** A vote as it was cast. It is never changed. */
export interface RecordedVote {
  ballot: number
  voter: string
  accepts: boolean
  /** What it counts. */
  weight: number
  votedAt: Date
}

const voteColumns = {
  ballot: 'number',
  voter: 'text',
  accepts: 'number',
  weight: 'number',
  voted_at: 'time',
} as const satisfies Columns

export type RecordedVoteRow = RowOf<typeof voteColumns>

export const columns = listOf(voteColumns)

/** The vote that a row holds. */
export function toVote(row: RecordedVoteRow): RecordedVote {
  const { ballot, voter, weight } = row
  const vote = { ballot, voter, accepts: row.accepts === 1, weight, votedAt: toDate(row.voted_at) }
  return vote satisfies FieldsOf<RecordedVoteRow>
}
