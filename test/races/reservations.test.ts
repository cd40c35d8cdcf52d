import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { scratchFile } from '../support/memory.ts'

const agents = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const timesEach = 6

describe.each(engines)('$name', ({ empty, open }) => {
  it('never lets two have one file, and gives on at once what killed ones had', async () => {
    const location = await empty()
    const memory = await open({ durability: 'normal' }, location)
    const marks = path.dirname(scratchFile())
    const victims = ['v', 'w'].map(id => startChild('reserve-files', location, marks, id, 1_000_000))
    const children = agents.map(id => startChild('reserve-files', location, marks, id, timesEach))
    for (const victim of victims) {
      await victim.until(line => line === 'has')
      victim.process.kill('SIGKILL')
    }
    // They have reserved for an hour: nobody would come to an end if that counted.
    expect(await Promise.all(children.map(child => child.exited))).toEqual(agents.map(() => 0))
    const lines = [...children, ...victims].flatMap(child => child.lines)
    expect(lines.filter(line => line !== 'has')).toEqual([])
    expect((await memory.reservations.list()).items).toEqual([])
    const { items } = await memory.events.list({ types: ['reservation.made'], order: 'asc', limit: 1_000 })
    const tokens = items.map(({ data }) => (data as { token: number }).token)
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(tokens.length)
  })
})
