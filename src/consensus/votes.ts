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

export interface RecordedVoteRow {
  ballot: number
  voter: string
  accepts: number
  weight: number
  voted_at: string
}

/** The vote that a row holds. */
export function toVote(row: RecordedVoteRow): RecordedVote {
  const { ballot, voter, weight } = row
  return { ballot, voter, accepts: row.accepts === 1, weight, votedAt: toDate(row.voted_at) }
}
