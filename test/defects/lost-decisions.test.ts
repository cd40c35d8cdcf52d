import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openScratch } from '../support/memory.ts'

// The defect: each voter inserts its vote and counts those that it can see; of voters at the same time none sees the
// others, so all have voted and nobody decides. Guarded by the transaction in Consensus.#vote: it locks the row of
// the proposal first, and the counter on that row moves with the vote.

const voters = ['ann', 'bob', 'cy', 'dan', 'eve']
const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`)

async function proposeAll(memory: Memory): Promise<void> {
  for (const key of keys) await memory.consensus.propose(key, { value: key, voters, quorum: 5 })
}

async function decided(memory: Memory): Promise<number> {
  return (await memory.consensus.list({ status: 'decided', limit: 1000 })).items.length
}

/** A vote as it is often written, under a snapshot that was taken before the others' votes were committed. */
async function voteAndCount(memory: Memory, key: string, voter: string): Promise<void> {
  const [others] = await memory.query('select count(*) as n from hivewax_votes where key = ?', [key])
  const insert = `insert into hivewax_votes (key, ballot, voter, accepts, voted_at)
                  values (?, 1, ?, 1, current_timestamp)`
  await memory.execute(insert, [key, voter])
  if (Number(others?.n) + 1 < voters.length) return
  await memory.execute(`update consensus_state set status = 'decided' where key = ?`, [key])
}

it('votes that are inserted and then counted lose decisions: all are cast, and none is reached', async () => {
  const memory = await openScratch({ durability: 'normal' })
  await proposeAll(memory)
  for (const key of keys) await Promise.all(voters.map(voter => voteAndCount(memory, key, voter)))
  const [cast] = await memory.query('select count(*) as n from hivewax_votes')
  expect(cast).toEqual({ n: keys.length * voters.length })
  expect(await decided(memory)).toBe(0)
})

it('decides every one of the same 300 keys, with 5 voters at the same time and a quorum of 5', async () => {
  const memory = await openScratch({ durability: 'normal' })
  await proposeAll(memory)
  for (const key of keys) await Promise.all(voters.map(voter => memory.consensus.accept(key, { voter })))
  expect(await decided(memory)).toBe(keys.length)
  const [told] = await memory.query(`select count(*) as n from events where type = 'consensus.decided'`)
  expect(told).toEqual({ n: keys.length })
})
