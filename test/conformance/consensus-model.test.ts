import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ConsensusState, Proposal } from '../../src/consensus/consensus.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const agents = ['ann', 'bob', 'cy', 'dan', 'eve']

type Step =
  | { do: 'propose'; proposal: Proposal & { voters: string[]; weights?: Record<string, number> } }
  | { do: 'vote'; voter: string; accepts: boolean; ago: number }
  | { do: 'wait'; ms: number }

const electorate = fc.integer({ min: 1, max: 4 }).chain(count => {
  const voters = agents.slice(0, count)
  const weight = fc.integer({ min: 1, max: 3 })
  const weights = fc.record(Object.fromEntries(voters.map(voter => [voter, weight])), { requiredKeys: [] })
  return fc.record(
    {
      value: fc.nat(9),
      voters: fc.constant(voters),
      weights,
      quorum: fc.oneof(fc.constantFrom('majority', 'two-thirds', 'all'), fc.integer({ min: 1, max: 7 })),
      allowMinority: fc.boolean(),
      acceptors: fc.subarray(voters, { maxLength: Math.min(2, count) }),
      deadline: fc.constantFrom(1_000, 3_000),
    },
    { requiredKeys: ['value', 'voters'] },
  )
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('propose'), proposal: electorate }) },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('vote'),
      voter: fc.constantFrom(...agents),
      accepts: fc.boolean(),
      ago: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(500, 1_000, 5_000) }) },
) as fc.Arbitrary<Step>

conform('consensus model', (open, times) => {
  it('behaves as the model of it does, whatever is proposed and voted', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async steps => {
        const key = `k${round++}`
        const model = new Model()
        for (const step of steps) {
          const expected = model.take(step)
          if (step.do === 'wait') clock.advance(step.ms)
          else expect(await outcomeOf(run(memory, key, step, model))).toBe(expected)
          await compare(memory, key, model)
        }
      }),
      { numRuns: times(2_000) },
    )
  })
})

function run(
  memory: Memory,
  key: string,
  step: Exclude<Step, { do: 'wait' }>,
  model: Model,
): Promise<ConsensusState> {
  if (step.do === 'propose') return memory.consensus.propose(key, step.proposal)
  const { voter, accepts, ago } = step
  return memory.consensus[accepts ? 'accept' : 'reject'](key, {
    voter,
    ballot: Math.max(1, model.version - ago),
  })
}

async function compare(memory: Memory, key: string, model: Model): Promise<void> {
  const state = await memory.consensus.get(key)
  if (state === undefined) return expect(model.ballot).toBeUndefined()
  expect(state).toMatchObject(model.seen())
  // Votes are written once, one by each voter, and the counts are theirs.
  const { items } = await memory.consensus.votes(key, { ballot: state.version })
  const weigh = (accepts: boolean) =>
    items.filter(vote => vote.accepts === accepts).reduce((sum, { weight }) => sum + weight, 0)
  expect([weigh(true), weigh(false)]).toEqual([state.accepts, state.rejects])
  expect(new Set(items.map(vote => vote.voter))).toEqual(new Set([...state.acceptors, ...state.rejectors]))
  if (state.status === 'decided') {
    expect(weigh(true)).toBeGreaterThanOrEqual(state.quorum ?? Number.POSITIVE_INFINITY)
    model.decision ??= state
    expect(state).toEqual(model.decision)
  } else expect(model.decision).toBeUndefined()
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'ok',
    (error: { code?: string }) => error.code,
  )
}

interface Ballot {
  value: unknown
  voters: string[]
  weights: Record<string, number>
  quorum: number
  /** Counts down with the clock. */
  leftMs: number
  votes: Map<string, boolean>
  status: string
}

/** What consensus promises, as plainly as it can be said. An outcome is `ok` or the code of the error. */
class Model {
  version = 0
  ballot: Ballot | undefined
  /** The first decision that was read. */
  decision: ConsensusState | undefined

  take(step: Step): string {
    if (step.do === 'propose') return this.#propose(step.proposal)
    if (step.do === 'vote') return this.#vote(step.voter, step.accepts, Math.max(1, this.version - step.ago))
    if (this.ballot?.status === 'open') {
      this.ballot.leftMs -= step.ms
      if (this.ballot.leftMs <= 0) this.ballot.status = 'expired'
    }
    return 'ok'
  }

  seen(): object {
    const { value, voters, quorum, status } = this.ballot!
    const [accepts, rejects] = [this.#sum(true), this.#sum(false)]
    const names = { acceptors: this.#who(true), rejectors: this.#who(false) }
    return { version: this.version, value, voters, quorum, status, accepts, rejects, ...names }
  }

  #propose({
    value,
    voters,
    weights = {},
    quorum,
    allowMinority,
    acceptors = [],
    deadline,
  }: Proposal): string {
    const total = voters!.reduce((sum, voter) => sum + (weights[voter] ?? 1), 0)
    const least = {
      majority: Math.floor(total / 2) + 1,
      'two-thirds': Math.floor((total * 2) / 3) + 1,
      all: total,
    }
    const q = typeof quorum === 'number' ? quorum : least[quorum ?? 'majority']
    if (q > total || (q <= total / 2 && !allowMinority)) return 'invalid_input'
    if (this.ballot?.status === 'decided') return 'conflict'
    this.version++
    const votes = new Map(acceptors.map(voter => [voter, true]))
    const leftMs = deadline === undefined ? Number.POSITIVE_INFINITY : Number(deadline)
    this.ballot = { value, voters: [...voters!], weights, quorum: q, leftMs, votes, status: 'open' }
    this.#settle()
    return 'ok'
  }

  #vote(voter: string, accepts: boolean, ballot: number): string {
    if (this.ballot === undefined) return 'not_found'
    if (ballot !== this.version) return 'stale_token'
    const { voters, votes, status } = this.ballot
    if (!voters.includes(voter)) return 'invalid_input'
    if (votes.has(voter)) return votes.get(voter) === accepts ? 'ok' : 'conflict'
    if (status !== 'open') return 'conflict'
    votes.set(voter, accepts)
    this.#settle()
    return 'ok'
  }

  #settle(): void {
    const { voters, weights, quorum } = this.ballot!
    const undecided = voters.reduce((sum, voter) => sum + (weights[voter] ?? 1), 0) - this.#sum(false)
    if (this.#sum(true) >= quorum) this.ballot!.status = 'decided'
    else if (undecided < quorum) this.ballot!.status = 'rejected'
  }

  #who(accepts: boolean): string[] {
    return [...this.ballot!.votes].filter(([, vote]) => vote === accepts).map(([voter]) => voter)
  }

  #sum(accepts: boolean): number {
    return this.#who(accepts).reduce((sum, voter) => sum + (this.ballot!.weights[voter] ?? 1), 0)
  }
}
