import { InvalidInput } from '../errors.ts'
import { checkInteger, checkOneOf } from '../util/check.ts'

/**
 * How many votes decide: a number of voters, or a rule. `majority`: more than half, the default.
 * `two-thirds`: more than two thirds. `all`: everybody.
 */
export type Quorum = number | (typeof quorumRules)[number]
export const quorumRules = ['majority', 'two-thirds', 'all'] as const

/** How a vote stands by its counts alone. */
export type Outcome = 'open' | 'decided' | 'rejected'

const rules = {
  majority: (voters: number) => Math.floor(voters / 2) + 1,
  'two-thirds': (voters: number) => Math.floor((2 * voters) / 3) + 1,
  all: (voters: number) => voters,
}

/**
 * The number of votes that decide among `voters`. InvalidInput when nobody votes, when the quorum cannot be
 * met, or when two halves could decide differently (half of the voters or fewer) and `allowMinority` does not
 * say so.
 */
export function quorumOf(voters: number, quorum: Quorum = 'majority', allowMinority = false): number {
  if (voters === 0) throw new InvalidInput('voters must name at least one voter')
  if (typeof quorum === 'string') return rules[checkOneOf('quorum', quorum, quorumRules)](voters)
  const votes = checkInteger('quorum', quorum, 1, voters)
  if (2 * votes > voters || allowMinority) return votes
  throw new InvalidInput(`a quorum of ${votes} is no majority of ${voters} voters`, {
    hint: 'Pass allowMinority: true when a part of the voters may decide for all.',
  })
}

/**
 * Decided with the quorum's last vote; rejected as soon as those who have not refused can no longer make one.
 */
export function outcome(accepts: number, rejects: number, voters: number, quorum: number): Outcome {
  if (accepts >= quorum) return 'decided'
  return rejects > voters - quorum ? 'rejected' : 'open'
}
