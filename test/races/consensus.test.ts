import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

const count = 50
const voters = ['ada', 'bea', 'cy', 'dan', 'eve']

/** Runs one process per voter, all from the same moment on, and returns what each said last. */
async function runVoters(file: string, mode = ''): Promise<(string | undefined)[]> {
  const children = voters.map(voter => startChild('vote', file, voter, count, mode))
  await Promise.all(children.map(child => child.until(line => line === 'ready')))
  for (const child of children) child.process.stdin?.write('go\n')
  expect(await Promise.all(children.map(child => child.exited))).toEqual(voters.map(() => 0))
  return children.map(child => child.lines.at(-1))
}

it('decides each of 50 keys when 5 processes vote at once, and lets none of them overturn one', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  for (let i = 0; i < count; i++) {
    await memory.consensus.propose(`key-${i}`, { value: i, voters, quorum: 5 })
  }
  await runVoters(file)
  const { items: decided } = await memory.consensus.list()
  expect(decided).toHaveLength(count)
  for (const state of decided) {
    expect(state).toMatchObject({ status: 'decided', accepts: 5, rejects: 0, version: 1 })
    expect(state.acceptors.toSorted()).toEqual(voters)
  }
  const [told] = await memory.query(
    `select count(*) as decisions from events where type = 'consensus.decided'`,
  )
  expect(told).toEqual({ decisions: count })

  expect(await runVoters(file, 'overturn')).toEqual(voters.map(() => `refused ${2 * count}`))
  expect((await memory.consensus.list()).items).toEqual(decided)
}, 120_000)
