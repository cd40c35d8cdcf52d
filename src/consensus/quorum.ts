import { InvalidInput } from '../errors.ts'
import { checkInteger, checkOneOf } from '../util/check.ts'

/**
 * How many votes decide: a number, or a rule. `majority`: more than half, the default. `two-thirds`: more than two
 * thirds. `all`: every voter. Where votes have weights, it is their weight that is meant.
 */
export type Quorum = number | (typeof quorumRules)[number]
export const quorumRules = ['majority', 'two-thirds', 'all'] as const

/** How a vote stands by its counts alone. */
export type Outcome = 'open' | 'decided' | 'rejected'

/** Votes by their weight: those for it, those against it, those of all voters, and how many decide. */
interface Counts {
  accepts: number
  rejects: number
  total: number
  quorum: number
}

const rules = {
  majority: (votes: number) => Math.floor(votes / 2) + 1,
  'two-thirds': (votes: number) => Math.floor((2 * votes) / 3) + 1,
  all: (votes: number) => votes,
}

/**
 * The number of votes that decide among `total`. InvalidInput when there are none, when the quorum cannot be met,
 * or when two halves could decide differently (half of the votes or fewer) and `allowMinority` does not say so.
 */
export function quorumOf(total: number, quorum: Quorum = 'majority', allowMinority = false): number {
  if (total === 0) throw new InvalidInput('voters must name at least one voter')
  if (typeof quorum === 'string') return rules[checkOneOf('quorum', quorum, quorumRules)](total)
  const votes = checkInteger('quorum', quorum, 1, total)
  if (2 * votes > total || allowMinority) return votes
  throw new InvalidInput(`a quorum of ${votes} is no majority of ${total} votes`, {
    hint: 'Pass allowMinority: true when a part of the votes may decide for all.',
  })
}

/**
 * Decided with the quorum's last vote; rejected as soon as the votes that are not against it can no longer make one.
 */
export function outcome({ accepts, rejects, total, quorum }: Counts): Outcome {
  if (accepts >= quorum) return 'decided'
  return rejects > total - quorum ? 'rejected' : 'open'
}
