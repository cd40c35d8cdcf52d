import { expect, it } from 'vitest'
import type { ConsensusState, Proposal } from '../../src/consensus/consensus.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `agent-${i}`)

/** The types of the events that consensus has appended, in order. */
async function told(memory: Memory): Promise<unknown[]> {
  const rows = await memory.query(`select type from events where type like 'consensus.%' order by id`)
  return rows.map(row => String(row.type).slice('consensus.'.length))
}

conform('consensus', open => {
  it('holds what was proposed with the acceptances that it came with', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const acceptors = ['agent-1', 'agent-2', 'agent-3']
    await memory.proposeConsensus('ship-v2', { value: true, proposer: 'lead-1', acceptors })
    expect(await memory.getConsensusState('ship-v2')).toEqual({
      key: 'ship-v2',
      value: true,
      version: 1,
      proposer: 'lead-1',
      acceptors,
      rejectors: [],
      status: 'open',
      voters: undefined,
      quorum: undefined,
      accepts: 3,
      rejects: 0,
      deadline: undefined,
      decidedAt: undefined,
      timestamp: new Date(clock.now()),
      author: expect.anything(),
    })
    expect(await memory.getConsensusState('absent')).toBeUndefined()
  })

  it('stays open without voters, however many accept, and can be proposed anew', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1 })
    const voters = names(40)
    await Promise.all(voters.map(voter => memory.consensus.accept('k', { voter })))
    const state = await memory.consensus.get('k')
    expect(state).toMatchObject({ status: 'open', version: 1, accepts: 40 })
    expect(state?.acceptors.toSorted()).toEqual(voters.toSorted())
    expect(await memory.consensus.propose('k', { value: 2, acceptors: ['x'] })).toMatchObject({
      status: 'open',
      version: 2,
      value: 2,
      acceptors: ['x'],
      accepts: 1,
    })
  })

  it('decides with the vote that makes the quorum, once, and tells so', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.consensus.propose('k', { value: 'v', voters: names(5), proposer: 'p' })
    expect(await memory.consensus.accept('k', { voter: 'agent-0' })).toMatchObject({
      status: 'open',
      quorum: 3,
    })
    expect(await memory.consensus.reject('k', { voter: 'agent-1' })).toMatchObject({
      status: 'open',
      rejects: 1,
    })
    await memory.consensus.accept('k', { voter: 'agent-2' })
    clock.advance(1000)
    const decided = await memory.consensus.accept('k', { voter: 'agent-3' })
    expect(decided).toMatchObject({
      status: 'decided',
      acceptors: ['agent-0', 'agent-2', 'agent-3'],
      rejectors: ['agent-1'],
      accepts: 3,
      rejects: 1,
      decidedAt: new Date(clock.now()),
      timestamp: new Date(clock.now() - 1000),
    })
    expect(await memory.consensus.get('k')).toEqual(decided)
    expect(await told(memory)).toEqual(['proposed', 'accepted', 'refused', 'accepted', 'accepted', 'decided'])
    const events = await memory.query(`select source, data from events where type = 'consensus.decided'`)
    expect(events.map(({ source, data }) => [source, JSON.parse(String(data))])).toEqual([
      ['agent-3', { key: 'k', version: 1, status: 'decided', accepts: 3, rejects: 1 }],
    ])
  })

  it('counts the acceptors that a proposal comes with as votes, and they may decide it', async () => {
    const memory = await open()
    const proposal = { value: 1, voters: names(3) }
    const open1 = await memory.consensus.propose('a', { ...proposal, acceptors: ['agent-1'] })
    expect(open1).toMatchObject({ status: 'open', accepts: 1 })
    expect(await memory.consensus.accept('a', { voter: 'agent-2' })).toMatchObject({ status: 'decided' })
    const decided = await memory.consensus.propose('b', {
      ...proposal,
      acceptors: ['agent-1', 'agent-2', 'agent-1'],
    })
    expect(decided).toMatchObject({
      status: 'decided',
      acceptors: ['agent-1', 'agent-2'],
      decidedAt: expect.any(Date),
    })
  })

  it('rejects as soon as the quorum cannot be met any more', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1, voters: names(5), quorum: 4 })
    expect(await memory.consensus.reject('k', { voter: 'agent-0' })).toMatchObject({ status: 'open' })
    expect(await memory.consensus.reject('k', { voter: 'agent-1' })).toMatchObject({
      status: 'rejected',
      decidedAt: undefined,
    })
    await expect(memory.consensus.accept('k', { voter: 'agent-2' })).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'rejected' },
    })
    expect(await told(memory)).toEqual(['proposed', 'refused', 'refused', 'rejected'])
  })

  it('takes each quorum rule at its word, and half of the votes only when told to', async () => {
    const memory = await open()
    const quorum = async (voters: number, quorum?: Proposal['quorum'], allowMinority?: boolean) =>
      (await memory.consensus.propose('k', { value: 1, voters: names(voters), quorum, allowMinority })).quorum
    expect([await quorum(1), await quorum(2), await quorum(3), await quorum(4)]).toEqual([1, 2, 2, 3])
    expect([
      await quorum(3, 'two-thirds'),
      await quorum(4, 'two-thirds'),
      await quorum(6, 'two-thirds'),
    ]).toEqual([3, 3, 5])
    expect([await quorum(7, 'majority'), await quorum(7, 'all'), await quorum(7, 4)]).toEqual([4, 7, 4])
    await expect(quorum(4, 2)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(quorum(5, 2)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await quorum(5, 2, true)).toBe(2)
    await expect(quorum(5, 6)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(quorum(5, 0, true)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('takes a vote once: the same again changes nothing, the contrary is refused', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1, voters: names(3) })
    const first = await memory.consensus.accept('k', { voter: 'agent-0', ballot: 1 })
    expect(await memory.consensus.accept('k', { voter: 'agent-0', ballot: 1 })).toEqual(first)
    await expect(memory.consensus.reject('k', { voter: 'agent-0' })).rejects.toMatchObject({
      code: 'conflict',
      details: { voter: 'agent-0' },
    })
    expect(await memory.consensus.get('k')).toEqual(first)
    const decided = await memory.consensus.accept('k', { voter: 'agent-1' })
    expect(await memory.consensus.accept('k', { voter: 'agent-0' })).toEqual(decided)
    expect(await told(memory)).toEqual(['proposed', 'accepted', 'accepted', 'decided'])
  })

  it('counts each of many simultaneous votes once, also when every voter votes twice', async () => {
    const memory = await open()
    const voters = names(30)
    await memory.consensus.propose('k', { value: 1, voters, quorum: 'all' })
    const votes = [...voters, ...voters].map(voter => memory.consensus.accept('k', { voter }))
    const states = await Promise.all(votes)
    // In whichever order they came: each counted vote was told of one more than the one before.
    const counts = new Set(states.map(({ accepts }) => accepts))
    expect([...counts].sort((a, b) => a - b)).toEqual(voters.map((_, i) => i + 1))
    expect(states.every(({ status, accepts }) => status === (accepts < 30 ? 'open' : 'decided'))).toBe(true)
    expect(await memory.consensus.get('k')).toMatchObject({ status: 'decided', accepts: 30 })
    const accepted = Array.from(voters, () => 'accepted')
    expect(await told(memory)).toEqual(['proposed', ...accepted, 'decided'])
  })

  it('makes a decision final', async () => {
    const memory = await open()
    const decided = await memory.consensus.propose('k', { value: 1, voters: ['a'], acceptors: ['a'] })
    await expect(memory.consensus.propose('k', { value: 2 })).rejects.toMatchObject({
      code: 'conflict',
      details: { key: 'k', version: 1, value: 1 },
    })
    await expect(memory.consensus.reject('k', { voter: 'a' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(memory.consensus.delete('k')).rejects.toMatchObject({ code: 'conflict' })
    for (const change of [`value = '2'`, `status = 'open'`]) {
      await expect(
        memory.execute(`update consensus_state set ${change} where key = 'k'`),
      ).rejects.toMatchObject({
        code: 'conflict',
      })
    }
    expect(await memory.consensus.get('k')).toEqual(decided)
    expect(await memory.consensus.delete('k', { force: true })).toBe(true)
    expect(await memory.consensus.delete('k', { force: true })).toBe(false)
    expect(await memory.consensus.get('k')).toBeUndefined()
    expect((await memory.consensus.propose('k', { value: 3 })).version).toBeGreaterThan(decided.version)
  })

  it('begins a new ballot with every proposal, and refuses votes for an older one', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 'old', voters: names(3) })
    await memory.consensus.accept('k', { voter: 'agent-0' })
    const next = await memory.consensus.propose('k', { value: 'new', voters: names(4) })
    expect(next).toMatchObject({ version: 2, accepts: 0, acceptors: [], quorum: 3 })
    await expect(memory.consensus.accept('k', { voter: 'agent-1', ballot: 1 })).rejects.toMatchObject({
      code: 'stale_token',
      details: { version: 2, value: 'new' },
    })
    await expect(memory.consensus.accept('k', { voter: 'agent-1', ballot: 3 })).rejects.toMatchObject({
      code: 'stale_token',
    })
    expect(await memory.consensus.get('k')).toEqual(next)
    expect(await memory.consensus.reject('k', { voter: 'agent-0', ballot: 2 })).toMatchObject({ rejects: 1 })
    const votes = await memory.consensus.votes('k', { ballot: 2 })
    expect(votes.items).toMatchObject([{ ballot: 2, voter: 'agent-0', accepts: false }])
  })

  it('issues no ballot up to the floor, which a restore raises above all that were issued', async () => {
    const memory = await open()
    await memory.consensus.propose('old', { value: 1 })
    await memory.execute(`update hivewax_counters set value = 40 where name = 'floor'`)
    expect(await memory.consensus.propose('old', { value: 2 })).toMatchObject({ version: 41 })
    expect(await memory.consensus.propose('old', { value: 3 })).toMatchObject({ version: 42 })
    expect(await memory.consensus.propose('new', { value: 1 })).toMatchObject({ version: 41 })
  })

  it('expires at the deadline for every reader at once, and can then be proposed anew', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const proposal = { value: 1, voters: names(2) }
    await memory.consensus.propose('k', { ...proposal, deadline: '10s' })
    await memory.consensus.propose('later', { ...proposal, deadline: new Date(clock.now() + 60_000) })
    const deadline = new Date(clock.now() + 60_000)
    const text = await memory.consensus.propose('never', { ...proposal, deadline: deadline.toISOString() })
    expect(text.deadline).toEqual(deadline)
    await memory.consensus.propose('never', proposal)
    const keys = async (status: ConsensusState['status']) =>
      (await memory.consensus.list({ status })).items.map(({ key }) => key)
    clock.advance(9_999)
    expect(await keys('open')).toEqual(['k', 'later', 'never'])
    clock.advance(1)
    expect(await memory.consensus.get('k')).toMatchObject({
      status: 'expired',
      deadline: new Date(clock.now()),
    })
    expect(await keys('open')).toEqual(['later', 'never'])
    expect(await keys('expired')).toEqual(['k'])
    await expect(memory.consensus.accept('k', { voter: 'agent-0' })).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'expired' },
    })
    expect(await memory.consensus.propose('k', proposal)).toMatchObject({
      status: 'open',
      version: 2,
      accepts: 0,
    })
  })

  it('leaves a decision alone when its deadline passes', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const decided = await memory.consensus.propose('k', {
      value: 1,
      voters: ['a'],
      acceptors: ['a'],
      deadline: 5,
    })
    clock.advance(1000)
    expect(await memory.consensus.get('k')).toEqual(decided)
  })

  it('lists by key and status, through all pages', async () => {
    const memory = await open()
    for (const key of ['c', 'a', 'd', 'b']) await memory.consensus.propose(key, { value: key, voters: ['v'] })
    await memory.consensus.accept('b', { voter: 'v' })
    await memory.consensus.reject('d', { voter: 'v' })
    const first = await memory.consensus.list({ limit: 3 })
    const second = await memory.consensus.list({ limit: 3, cursor: first.cursor })
    expect(second.cursor).toBeUndefined()
    expect([...first.items, ...second.items].map(({ key, status }) => `${key} ${status}`)).toEqual([
      'a open',
      'b decided',
      'c open',
      'd rejected',
    ])
    expect((await memory.consensus.list({ status: 'decided' })).items).toMatchObject([{ key: 'b' }])
  })

  it('lets the agent of a handle propose and vote in its own name', async () => {
    const memory = await open({ agentId: 'me' })
    expect(await memory.consensus.propose('k', { value: 1, voters: ['me', 'you'] })).toMatchObject({
      proposer: 'me',
    })
    expect(await memory.consensus.accept('k')).toMatchObject({ acceptors: ['me'] })
  })

  it('undoes votes and events with the transaction that they were in', async () => {
    const memory = await open()
    const before = await memory.consensus.propose('k', { value: 1, voters: names(3) })
    const failed = memory.transaction(async tx => {
      await tx.consensus.accept('k', { voter: 'agent-0' })
      await tx.consensus.accept('k', { voter: 'agent-1' })
      expect(await tx.consensus.get('k')).toMatchObject({ status: 'decided' })
      throw new Error('undo')
    })
    await expect(failed).rejects.toThrow('undo')
    expect(await memory.consensus.get('k')).toEqual(before)
    expect(await told(memory)).toEqual(['proposed'])
  })

  it('goes on from a proposal that plain SQL inserted', async () => {
    const memory = await open()
    await memory.execute(
      `insert into consensus_state (key, value, acceptors) values ('k', 'plain', '["a", "b"]')`,
    )
    expect(await memory.consensus.get('k')).toMatchObject({
      value: 'plain',
      acceptors: ['a', 'b'],
      accepts: 2,
    })
    await memory.consensus.accept('k', { voter: 'a' })
    expect(await memory.consensus.accept('k', { voter: 'c' })).toMatchObject({
      acceptors: ['a', 'b', 'c'],
      accepts: 3,
    })
    const [row] = await memory.query(`select acceptors, version, status from consensus_state`)
    expect(row).toEqual({ acceptors: '["a","b","c"]', version: 1, status: 'open' })
  })

  it('refuses what makes no sense', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1, voters: ['a'] })
    const propose = (proposal: object) => () => memory.consensus.propose('x', { value: 1, ...proposal })
    const bad = [
      () => memory.consensus.propose('', { value: 1 }),
      propose({ value: undefined }),
      propose({ proposer: '' }),
      propose({ acceptors: 'a' }),
      propose({ acceptors: ['z'], voters: ['a'] }),
      propose({ voters: [] }),
      propose({ voters: Array.from({ length: 1_001 }, (_, i) => `v${i}`) }),
      propose({ quorum: 1 }),
      propose({ voters: ['a'], quorum: 'most' }),
      propose({ voters: ['a', 'b', 'c'], quorum: 1.5 }),
      propose({ deadline: new Date(0) }),
      propose({ deadline: 'soon' }),
      () => memory.consensus.accept('k'),
      () => memory.consensus.accept('k', { voter: 'z' }),
      () => memory.consensus.accept('k', { voter: 'a', ballot: 0 }),
      () => memory.consensus.list({ status: 'odd' as ConsensusState['status'] }),
    ]
    for (const call of bad) await expect(call()).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(memory.consensus.accept('none', { voter: 'a' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await memory.consensus.get('x')).toBeUndefined()
    expect(await memory.consensus.get('k')).toMatchObject({ version: 1, accepts: 0 })
  })
})
