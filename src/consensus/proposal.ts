import { InvalidInput } from '../errors.ts'
import { checkInteger, checkNames, describe } from '../util/check.ts'
import type { TimeOrDuration } from '../util/time-or-duration.ts'
import { type Outcome, outcome, type Quorum, quorumOf } from './quorum.ts'

export interface Proposal {
  value: unknown
  /** Who proposes. Default: the handle's agent, if it has one. */
  proposer?: string | undefined
  /** Who accepts already. With `voters`, these are votes, and each must be a voter. */
  acceptors?: readonly string[] | undefined
  /**
   * Who may vote, up to 1,000, fixed for this ballot. Left out, any caller accepts and nothing is ever decided.
   * Default: those whom `weights` names.
   */
  voters?: readonly string[] | undefined
  /** What a vote counts, by voter: 1 to 1,000,000, and 1 for voters not named here. */
  weights?: Readonly<Record<string, number>> | undefined
  /** How many of all votes, by their weight, must be for it. Default: the majority. */
  quorum?: Quorum | undefined
  /** Until when votes count; a length of time, such as `'5m'`, starts now. Default: for ever. */
  deadline?: TimeOrDuration | undefined
  /** Allow a quorum of half of the votes or fewer. */
  allowMinority?: boolean | undefined
}

const maxVoters = 1_000
const maxWeight = 1_000_000

/** What votes count, by voter; undefined where each counts 1. */
export type Weights = Record<string, number> | undefined

/** Who votes on a proposal, and how it stands before the first vote. */
export interface Electorate {
  acceptors: string[]
  voters: string[] | undefined
  weights: Weights
  quorum: number | undefined
  accepts: number
  status: Outcome
}

/** What these voters' votes count together. */
export function weigh(voters: readonly string[], weights: Weights): number {
  if (weights === undefined) return voters.length
  return voters.reduce((sum, voter) => sum + (Object.hasOwn(weights, voter) ? (weights[voter] ?? 1) : 1), 0)
}

/** The voters, quorum and votes that a proposal begins with, or InvalidInput. */
export function checkElectorate(proposal: Proposal): Electorate {
  const acceptors = checkNames('acceptors', proposal.acceptors ?? [], maxVoters)
  const weights = checkWeights(proposal.weights)
  const voters = proposal.voters ?? (weights && Object.keys(weights))
  if (voters !== undefined)
    return electorate({ voters: checkNames('voters', voters, maxVoters), acceptors, weights }, proposal)
  if (proposal.quorum !== undefined) throw new InvalidInput('a quorum needs voters: pass who may vote')
  return { acceptors, voters, weights, quorum: undefined, accepts: acceptors.length, status: 'open' }
}

function electorate(
  { voters, acceptors, weights }: { voters: string[]; acceptors: string[]; weights: Weights },
  proposal: Proposal,
): Electorate {
  refuseStrangers('acceptor', acceptors, voters)
  refuseStrangers('weighted voter', Object.keys(weights ?? {}), voters)
  const total = weigh(voters, weights)
  const quorum = quorumOf(total, proposal.quorum, proposal.allowMinority)
  const accepts = weigh(acceptors, weights)
  const status = outcome({ accepts, rejects: 0, total, quorum })
  return { acceptors, voters, weights, quorum, accepts, status }
}

function refuseStrangers(what: string, names: readonly string[], voters: readonly string[]): void {
  const known = new Set(voters)
  const stranger = names.find(name => !known.has(name))
  if (stranger !== undefined) throw new InvalidInput(`${what} ${describe(stranger)} is none of the voters`)
}

/** A copy without a prototype's doing: a voter may be called `__proto__`. */
function checkWeights(weights: unknown): Weights {
  if (weights === undefined) return undefined
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
    throw new InvalidInput(`weights must be an object such as { ann: 3, bob: 1 }, got ${describe(weights)}`)
  }
  const entries = Object.entries(weights)
  return Object.fromEntries(
    entries.map(([voter, weight]) => [
      voter,
      checkInteger(`weights[${describe(voter)}]`, weight, 1, maxWeight),
    ]),
  )
}
