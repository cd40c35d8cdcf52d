import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { rounds } from '../support/rounds.ts'

const migrations = 'select id, name, checksum from hivewax_migrations order by id'

/** What a store has from its creation on, the same whoever created it. */
const facts = { sqlite: [migrations, 'pragma auto_vacuum'], postgres: [migrations] }

/** How often each process adds 1; through a server they meet as often in fewer. */
const times = { sqlite: rounds(1_000), postgres: rounds(150) }

describe.each(engines)('$name', ({ name, scratch, empty, open }) => {
  it('counts exactly when 8 processes read, add and write at the same time, each in transactions', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const children = Array.from({ length: 8 }, () => startChild('increment', location, times[name]))
    expect(await Promise.all(children.map(child => child.exited))).toEqual(Array(8).fill(0))
    expect(await memory.retrieve('counter')).toBe(8 * times[name])
  })

  it('lets 16 processes open a new store at once', async () => {
    const location = scratch()
    const children = Array.from({ length: 16 }, (_, i) => startChild('open', location, i))
    await Promise.all(children.map(child => child.until(line => line === 'ready')))
    for (const child of children) child.process.stdin?.write('go\n')
    expect(await Promise.all(children.map(child => child.exited))).toEqual(Array(16).fill(0))
    const memory = await open({}, location)
    expect(await memory.search('opened by *')).toHaveLength(16)
    const alone = await open()
    for (const fact of facts[name])
      expect({ fact, rows: await memory.query(fact) }).toEqual({ fact, rows: await alone.query(fact) })
  })
})
