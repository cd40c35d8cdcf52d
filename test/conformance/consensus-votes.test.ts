import { expect, it } from 'vitest'
import type { ConsensusState, Proposal, RecordedVote } from '../../src/consensus/consensus.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

async function typesOf(memory: Memory): Promise<unknown[]> {
  return (await memory.query('select type from events order by id')).map(({ type }) => type)
}

/** Weights, the record of votes, and waiting for their end. */
conform('consensus votes', open => {
  it('counts votes by their weight, for and against', async () => {
    const memory = await open()
    const weights = { ann: 3, bob: 1, cy: 1 }
    expect(await memory.consensus.propose('a', { value: 1, weights })).toMatchObject({
      voters: ['ann', 'bob', 'cy'],
      weights,
      quorum: 3,
      accepts: 0,
    })
    await memory.consensus.accept('a', { voter: 'bob' })
    expect(await memory.consensus.accept('a', { voter: 'cy' })).toMatchObject({ status: 'open', accepts: 2 })
    expect(await memory.consensus.accept('a', { voter: 'ann' })).toMatchObject({
      status: 'decided',
      accepts: 5,
      acceptors: ['bob', 'cy', 'ann'],
    })
    await memory.consensus.propose('b', { value: 1, weights })
    expect(await memory.consensus.reject('b', { voter: 'ann' })).toMatchObject({
      status: 'rejected',
      rejects: 3,
      rejectors: ['ann'],
    })
    expect(await memory.consensus.propose('c', { value: 1, weights, acceptors: ['ann'] })).toMatchObject({
      status: 'decided',
      accepts: 3,
    })
  })

  it('takes the rules of a quorum over the total weight, and 1 for voters without a weight', async () => {
    const memory = await open()
    const quorum = async (quorum?: Proposal['quorum'], allowMinority?: boolean) => {
      const electorate = {
        voters: ['ann', 'bob', '__proto__'],
        weights: JSON.parse('{"ann":5,"__proto__":2}'),
      }
      return (await memory.consensus.propose('k', { value: 1, ...electorate, quorum, allowMinority })).quorum
    }
    expect([await quorum(), await quorum('two-thirds'), await quorum('all'), await quorum(5)]).toEqual([
      5, 6, 8, 5,
    ])
    await expect(quorum(4)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await quorum(4, true)).toBe(4)
    await expect(quorum(9)).rejects.toMatchObject({ code: 'invalid_input' })
    await quorum(3, true)
    await memory.consensus.accept('k', { voter: '__proto__' })
    expect(await memory.consensus.accept('k', { voter: 'bob' })).toMatchObject({
      status: 'decided',
      accepts: 3,
    })
  })

  it('refuses weights that make no sense', async () => {
    const memory = await open()
    for (const weights of [
      {},
      [3],
      'ann=3',
      null,
      { ann: 0 },
      { ann: -1 },
      { ann: 1.5 },
      { '': 1 },
      { ann: 1e7 },
    ]) {
      const proposed = memory.consensus.propose('k', { value: 1, weights: weights as Record<string, number> })
      await expect(proposed).rejects.toMatchObject({ code: 'invalid_input' })
    }
    const stranger = memory.consensus.propose('k', { value: 1, voters: ['ann'], weights: { bob: 2 } })
    await expect(stranger).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('"bob"'),
    })
    expect(await memory.consensus.get('k')).toBeUndefined()
  })

  it('keeps every vote with its ballot, weight and time, through all pages', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const weights = { ann: 3, bob: 1, cy: 1, dan: 2 }
    await memory.consensus.propose('k', { value: 'old', weights, acceptors: ['cy'] })
    await memory.consensus.reject('k', { voter: 'ann' })
    await memory.consensus.propose('k', { value: 'new', weights })
    clock.advance(1000)
    await memory.consensus.accept('k', { voter: 'dan' })
    await memory.consensus.accept('k', { voter: 'ann' })
    const votes: RecordedVote[] = []
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const page = await memory.consensus.votes('k', { limit: 1, cursor })
      votes.push(...page.items)
      cursor = page.cursor
    }
    const [now, before] = [new Date(clock.now()), new Date(clock.now() - 1000)]
    expect(votes).toEqual([
      { ballot: 1, voter: 'ann', accepts: false, weight: 3, votedAt: before },
      { ballot: 1, voter: 'cy', accepts: true, weight: 1, votedAt: before },
      { ballot: 2, voter: 'ann', accepts: true, weight: 3, votedAt: now },
      { ballot: 2, voter: 'dan', accepts: true, weight: 2, votedAt: now },
    ])
    expect((await memory.consensus.votes('k', { ballot: 1 })).items).toEqual(votes.slice(0, 2))
    expect((await memory.consensus.votes('none')).items).toEqual([])
    await memory.consensus.delete('k', { force: true })
    expect((await memory.consensus.votes('k')).items).toEqual([])
  })

  it('keeps the votes of the last 100 ballots only', async () => {
    const memory = await open()
    for (let i = 0; i < 130; i++) await memory.consensus.propose('k', { value: i, acceptors: ['ann'] })
    const { items } = await memory.consensus.votes('k', { limit: 1000 })
    expect(items.map(({ ballot }) => ballot)).toEqual(Array.from({ length: 100 }, (_, i) => i + 31))
  })

  it('wakes who waits for the end of a vote, and tells at once when it has ended', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1, voters: ['ann', 'bob', 'cy'] })
    const waits = [memory.consensus.wait('k'), memory.consensus.wait('k', { timeoutMs: 60_000 })]
    await memory.consensus.accept('k', { voter: 'ann' })
    const decided = await memory.consensus.accept('k', { voter: 'bob' })
    expect(await Promise.all(waits)).toEqual([decided, decided])
    expect(await memory.consensus.wait('k', { timeoutMs: 0 })).toEqual(decided)
  })

  it('waits on for a value that is proposed anew', async () => {
    const memory = await open()
    const voters = ['ann']
    await memory.consensus.propose('k', { value: 1, voters })
    const wait = memory.consensus.wait('k')
    await memory.consensus.propose('k', { value: 2, voters })
    await memory.consensus.reject('k', { voter: 'ann' })
    expect(await wait).toMatchObject({ version: 2, status: 'rejected' })
  })

  it('tells who waits that the deadline has passed, once, and keeps to it when the clock is set back', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.consensus.propose('k', { value: 1, voters: ['ann', 'bob'], deadline: '10s' })
    const waits = [memory.consensus.wait('k'), memory.consensus.wait('k')]
    clock.advance(10_000)
    for (const state of await Promise.all(waits)) expect(state).toMatchObject({ status: 'expired' })
    expect(await typesOf(memory)).toEqual(['consensus.proposed', 'consensus.expired'])
    clock.setWall(clock.now() - 60_000)
    expect(await memory.consensus.get('k')).toMatchObject({ status: 'expired' })
    await expect(memory.consensus.accept('k', { voter: 'ann' })).rejects.toMatchObject({ code: 'conflict' })
    expect((await memory.consensus.list({ status: 'expired' })).items).toHaveLength(1)
  })

  it('ends a wait with the timeout, the signal, or what makes it pointless', async () => {
    const memory = await open()
    await memory.consensus.propose('k', { value: 1, voters: ['ann', 'bob'] })
    await expect(memory.consensus.wait('k', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'deadline' })
    const stop = new AbortController()
    const stopped = memory.consensus.wait('k', { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    await expect(memory.consensus.wait('k', { signal: stop.signal })).rejects.toThrow('enough')
    const gone = expect(memory.consensus.wait('k')).rejects.toMatchObject({ code: 'not_found' })
    await memory.consensus.delete('k')
    await gone
    await expect(memory.consensus.wait('none')).rejects.toMatchObject({ code: 'not_found' })
    await memory.consensus.propose('open', { value: 1 })
    await expect(memory.consensus.wait('open')).rejects.toMatchObject({ code: 'invalid_input' })
    const inside = memory.transaction(tx => tx.consensus.wait('open') as Promise<ConsensusState>)
    await expect(inside).rejects.toMatchObject({ code: 'transaction_misuse' })
  })
})
