import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Consensus } from './consensus.ts'

const vote = { voter: true, ballot: true } as const

/** Refuses what a method does not know. */
export const checkConsensus = optionChecks<Consensus>('consensus', {
  propose: {
    value: true,
    proposer: true,
    acceptors: true,
    voters: true,
    weights: true,
    quorum: true,
    deadline: true,
    allowMinority: true,
  },
  accept: vote,
  reject: vote,
  list: { status: true, ...page },
  votes: { ballot: true, ...page },
  wait: { timeoutMs: true, signal: true },
  delete: { force: true },
})
