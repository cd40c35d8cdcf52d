import fs from 'node:fs'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import type { Memory } from '../../src/memory.ts'
import { document, hivewax } from '../support/cli.ts'
import { TestClock } from '../support/clock.ts'
import { engines } from '../support/engines.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { counts } from './counts.ts'

/** What a memory remembers, without what each store counts for itself. */
async function remembered({ kv, agents, patterns, sessions, shared }: Memory) {
  const without = <T extends object>({ items }: { items: T[] }) =>
    items.map(item => Object.fromEntries(Object.entries(item).filter(([name]) => name !== 'revision')))
  const owners = (await agents.list()).items.map(({ id }) => id)
  return {
    memory: without(await kv.search('*', { namespace: '*' })),
    own: (await Promise.all(owners.map(async id => without(await agents.listMemory(id))))).flat(),
    patterns: without(await patterns.list()),
    sessions: without(await sessions.list()),
    shared: (await shared.list()).items.map(({ key, value }) => [key, value]),
  }
}

/** The same with who has brought each record. */
const broughtBy = (text: object, by: string) =>
  JSON.parse(
    JSON.stringify(text).replaceAll(
      /("author":\{[^{}]*)\}/g,
      `$1,"importedBy":{"agent":${JSON.stringify(by)},"via":"import"}}`,
    ),
  )

it.each(engines)(
  '$name: what another memory remembers is brought, with authors and times',
  async ({ open }) => {
    const other = await open()
    await storeEveryKind(other.as('coder-1'))
    const memory = (await open()).as('importer')
    const report = await importFrom(memory, other.url)
    expect(counts(report)).toEqual({
      memory: 'memory 3: 3 added',
      'agent memory': 'agent_memory 3: 3 added',
      patterns: 'pattern 3: 3 added',
      sessions: 'session 3: 3 added',
      'shared state': 'shared 3: 3 added',
      tasks: expect.stringMatching(/^– \d+: \d+ activity$/),
      workflows: expect.stringMatching(/activity$/),
      events: expect.stringMatching(/activity$/),
      metrics: expect.stringMatching(/activity$/),
      consensus: '– 3: 3 activity',
      topology: '– 3: 3 activity',
    })
    const { sessions, ...there } = await remembered(other)
    const back = await remembered(memory)
    expect(JSON.parse(JSON.stringify({ ...back, sessions: undefined }))).toEqual(broughtBy(there, 'importer'))
    expect(back.sessions.map(({ id }) => id)).toEqual(sessions.map(({ id }) => id))
    const again = await importFrom(memory, other.url)
    expect(again.sections.every(({ added, updated, kept }) => added + updated + kept === 0)).toBe(true)
  },
)

it('two memories that bring each other hold the same, and of each key what was written last', async () => {
  const [one, two] = [await openScratch(), await openScratch()]
  for (const [memory, own] of [
    [one, 'a'],
    [two, 'b'],
  ] as const) {
    await memory.store(own, own)
    await memory.store('both', `${own} of both`)
    await memory.storeAgentMemory('coder-1', 'both', `${own} of both`)
  }
  for (let i = 0; i < 2; i++) {
    await importFrom(one, two.url)
    await importFrom(two, one.url)
  }
  const values = async ({ kv }: Memory) => (await kv.search('*')).items.map(({ key, value }) => [key, value])
  expect(await values(one)).toEqual([
    ['a', 'a'],
    ['b', 'b'],
    ['both', 'b of both'],
  ])
  expect(await values(two)).toEqual(await values(one))
  for (const memory of [one, two])
    expect(await memory.agents.retrieveMemory('coder-1', 'both')).toBe('b of both')
  expect((await one.kv.history('both')).items.map(({ value }) => value)).toEqual(['b of both', 'a of both'])
  expect((await two.kv.history('both')).items).toHaveLength(1)
})

it('the other memory is only read, and a damaged one changes nothing', async () => {
  const file = scratchFile()
  const other = await openScratch({}, file)
  await other.store('k', 'v'.repeat(5_000))
  await other.close()
  const before = fs.readFileSync(file)
  const memory = await openScratch()
  await importFrom(memory, file)
  expect(fs.readFileSync(file).equals(before)).toBe(true)
  fs.truncateSync(file, before.length - 8_192)
  const fresh = await openScratch()
  await expect(importFrom(fresh, file)).rejects.toMatchObject({ code: 'corrupt' })
  expect((await fresh.kv.search('*')).items).toEqual([])
})

it('what was written in one millisecond is decided in both memories in the same way', async () => {
  const clock = new TestClock()
  const [one, two] = [await openScratch({ clock }), await openScratch({ clock })]
  for (const [memory, value] of [
    [one, 'a'],
    [two, 'b'],
  ] as const) {
    await memory.store('both', value)
    await memory.storeAgentMemory('coder-1', 'both', value)
  }
  await importFrom(one, two.url)
  await importFrom(two, one.url)
  for (const memory of [one, two]) {
    expect(await memory.retrieve('both')).toBe('b')
    expect(await memory.agents.retrieveMemory('coder-1', 'both')).toBe('b')
  }
})

it('a memory that is found in a folder is brought only when it is named', async () => {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'k', '1'])
  fs.writeFileSync(`${folder}/memory.json`, '{"found":1}')
  const memory = await openScratch()
  const { skipped } = await importFrom(memory, folder)
  expect(skipped).toMatchObject([{ reason: expect.stringContaining('when it is named itself') }])
  expect((await memory.kv.search('*')).items).toMatchObject([{ key: 'found' }])
})

it('the command line brings a memory by its file', () => {
  const [folder, other] = [scratchFolder(), scratchFolder()]
  hivewax(other, ['store', 'decision/db', 'SQLite'])
  const ran = hivewax(folder, ['import', `${other}/.swarm/memory.db`, '--json'])
  expect(document(ran)).toMatchObject({
    data: { sections: [{ format: 'hivewax', kind: 'memory', added: 1 }] },
  })
  expect(hivewax(folder, ['retrieve', 'decision/db']).stdout).toBe('SQLite\n')
})
