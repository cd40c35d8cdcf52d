import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { rounds } from '../support/rounds.ts'

const count = rounds(300)
const keys = Array.from({ length: count }, (_, i) => `key-${i}`)
const voters = ['ada', 'bea', 'cy', 'dan', 'eve']

/** Runs one process per voter, all from the same moment on, and returns what each said last. */
async function runVoters(location: string, count: number, mode = ''): Promise<(string | undefined)[]> {
  const children = voters.map(voter => startChild('vote', location, voter, count, mode))
  await Promise.all(children.map(child => child.until(line => line === 'ready')))
  for (const child of children) child.process.stdin?.write('go\n')
  expect(await Promise.all(children.map(child => child.exited))).toEqual(voters.map(() => 0))
  return children.map(child => child.lines.at(-1))
}

describe.each(engines)('$name', ({ empty, open }) => {
  it('decides each of many keys when 5 processes vote at once, all read the same, and none overturns one', async () => {
    const location = await empty()
    const memory = await open({}, location)
    for (const key of keys) await memory.consensus.propose(key, { value: key, voters, quorum: 5 })
    const read = await runVoters(location, count)
    const decided = await Promise.all(keys.map(key => memory.consensus.get(key)))
    for (const state of decided) {
      expect(state).toMatchObject({
        status: 'decided',
        value: state?.key,
        accepts: 5,
        rejects: 0,
        version: 1,
      })
      expect(state?.acceptors.toSorted()).toEqual(voters)
    }
    const digest = createHash('sha256').update(JSON.stringify(decided)).digest('hex')
    expect(read).toEqual(voters.map(() => `${count} decided ${digest}`))
    const [told] = await memory.query(
      `select count(*) as decisions from events where type = 'consensus.decided'`,
    )
    expect(told).toEqual({ decisions: count })

    expect(await runVoters(location, 50, 'overturn')).toEqual(voters.map(() => 'refused 100'))
    expect(await Promise.all(keys.map(key => memory.consensus.get(key)))).toEqual(decided)
  }, 240_000)
})
