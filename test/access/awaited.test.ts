import { describe, expect, it } from 'vitest'
import { call } from '../../src/access/call.ts'
import { operationOf, operations } from '../../src/operations.ts'
import { engines } from '../support/engines.ts'

it('whatever is given to be held can be given back', () => {
  const kept = operations.filter(({ keep }) => keep !== undefined)
  expect(kept.filter(({ giveBack }) => giveBack === undefined)).toEqual([])
  expect(kept.length).toBeGreaterThan(1)
})

describe.each(engines)('$name: a caller that leaves', ({ open }) => {
  it('holds nothing, at whatever moment it leaves', async () => {
    const memory = await open()
    const left = new Error('left')
    const acquired: string[] = []
    let claimed = 0
    for (let turns = 0; turns < 12; turns++) {
      const leaving = new AbortController()
      const name = `lock-${turns}`
      await memory.tasks.create({ id: name, description: 'x' })
      const calls = [
        call(operationOf('locks.acquire'), { name, owner: 'ghost' }, { memory, signal: leaving.signal }),
        call(operationOf('tasks.claim'), { agentId: 'ghost' }, { memory, signal: leaving.signal }),
      ]
      // Later each time: from before it is asked for until after it was done.
      for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
      leaving.abort(left)
      const [lock, claim] = await Promise.allSettled(calls)
      // What was answered before is its own.
      if (lock?.status === 'fulfilled') acquired.push(name)
      if (claim?.status === 'fulfilled') claimed++
    }
    const locks = async () => (await memory.locks.list()).items.map(({ name }) => name)
    await expect.poll(locks).toEqual(acquired.sort())
    await expect.poll(async () => (await memory.tasks.counts()).running).toBe(claimed)
    expect(acquired.length).toBeLessThan(12)
  })
})
