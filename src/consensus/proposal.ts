import { InvalidInput } from '../errors.ts'
import { checkNames, describe } from '../util/check.ts'
import type { Moment } from '../util/moment.ts'
import { type Outcome, outcome, type Quorum, quorumOf } from './quorum.ts'

export interface Proposal {
  value: unknown
  /** Who proposes. Default: the handle's agent, if it has one. */
  proposer?: string | undefined
  /** Who accepts already. With `voters`, these are votes, and each must be a voter. */
  acceptors?: readonly string[] | undefined
  /**
   * Who may vote, up to 1,000, fixed for this ballot. Left out, anybody accepts and nothing is ever decided.
   */
  voters?: readonly string[] | undefined
  /** How many of the voters must accept. Default: the majority. */
  quorum?: Quorum | undefined
  /** Until when votes count; a length of time, such as `'5m'`, starts now. Default: for ever. */
  deadline?: Moment | undefined
  /** Allow a quorum of half of the voters or fewer. */
  allowMinority?: boolean | undefined
}

const maxVoters = 1_000

/** Who votes on a proposal, and how it stands before the first vote. */
export interface Electorate {
  acceptors: string[]
  voters: string[] | undefined
  quorum: number | undefined
  status: Outcome
}

/** The voters, quorum and votes that a proposal begins with, or InvalidInput. */
export function checkElectorate({ acceptors = [], voters, quorum, allowMinority }: Proposal): Electorate {
  const accepted = checkNames('acceptors', acceptors, maxVoters)
  if (voters === undefined) {
    if (quorum !== undefined) throw new InvalidInput('a quorum needs voters: pass who may vote')
    return { acceptors: accepted, voters, quorum, status: 'open' }
  }
  const names = checkNames('voters', voters, maxVoters)
  const votes = quorumOf(names.length, quorum, allowMinority)
  const stranger = accepted.find(name => !names.includes(name))
  if (stranger !== undefined) throw new InvalidInput(`acceptor ${describe(stranger)} is none of the voters`)
  return {
    acceptors: accepted,
    voters: names,
    quorum: votes,
    status: outcome(accepted.length, 0, names.length, votes),
  }
}
