import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'

const processes = 4
const count = 60

describe.each(engines)('$name', ({ empty, open }) => {
  it('counts each of 480 uses by 4 processes at once, and the confidence follows from the outcomes', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const { id } = await memory.patterns.store({ type: 't', patternData: { successRate: 0.8 } })
    const children = Array.from({ length: processes }, () => startChild('use-pattern', location, id, count))
    await Promise.all(children.map(child => child.until(line => line === 'ready')))
    for (const child of children) child.process.stdin?.write('go\n')
    expect(await Promise.all(children.map(child => child.exited))).toEqual(children.map(() => 0))

    const pattern = await memory.patterns.get(id)
    const [successes, failures] = [(processes * count * 2) / 3, (processes * count) / 3]
    expect(pattern).toMatchObject({ usageCount: 2 * processes * count, successes, failures })
    expect(pattern?.confidence).toBeCloseTo((2 * 0.8 + successes) / (2 + successes + failures), 12)
    expect(pattern?.lastUsed?.getTime()).toBe(Math.max(...children.map(child => Number(child.lines.at(-1)))))
  })
})
