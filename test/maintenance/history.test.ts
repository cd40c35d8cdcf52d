import { expect, it, onTestFinished } from 'vitest'
import { Background } from '../../src/maintenance/background.ts'
import { pruneHistory } from '../../src/maintenance/prune-history.ts'
import { TestClock } from '../support/clock.ts'
import { engines } from '../support/engines.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { fail, openUpkeep } from '../support/upkeep.ts'

const dayMs = 86_400_000

it('is pruned by the background work: what was replaced more than 90 days ago', async () => {
  const file = scratchFile()
  const clock = new TestClock()
  const memory = await openScratch({ clock }, file)
  const storeAll = async (value: number) => {
    await memory.store('key', value)
    await memory.storeAgentMemory('coder-1', 'note', value)
    await memory.patterns.store({ id: 'p', type: 't', patternData: value })
  }
  await storeAll(1)
  clock.advance(dayMs)
  await storeAll(2)
  clock.advance(80 * dayMs)
  await storeAll(3)
  await memory.kv.storeMany(Array.from({ length: 1_200 }, (_, i) => ({ key: `${i}`, value: 0 })))
  await memory.clearNamespace('default')
  clock.advance(15 * dayMs)
  const before = new Date(clock.now() - 40 * dayMs)
  const upkeep = await openUpkeep(file, clock)
  const background = new Background(upkeep, { intervalMs: 10, onError: fail })
  onTestFinished(() => background.stop().then(upkeep.release))
  const revisions = async () => (await memory.patterns.history('p')).items.map(({ revision }) => revision)
  await expect.poll(revisions).toEqual([3, 2])
  expect((await memory.kv.history('key')).items.map(({ value }) => value)).toEqual([undefined, 3, 2])
  expect((await memory.agents.memoryHistory('coder-1', 'note')).items.map(({ value }) => value)).toEqual([
    3, 2,
  ])
  expect(await memory.retrieve('key', { asOf: before })).toBe(2)
  await expect(memory.retrieve('key', { revision: 1 })).resolves.toBeUndefined()
  expect(await pruneHistory(upkeep)).toBe(0)
  clock.advance(91 * dayMs)
  expect(await pruneHistory(upkeep)).toBeGreaterThan(1_200)
  expect(await memory.query('select * from hivewax_memory_history')).toEqual([])
})

it('is pruned as somebody has said of its namespace', async () => {
  const file = scratchFile()
  const clock = new TestClock()
  const memory = await openScratch({ clock }, file)
  const namespaces = ['default', 'cache', 'short', 'long']
  for (const namespace of namespaces)
    for (const value of ['old', 'new']) await memory.store('key', value, { namespace })
  await memory.history.setRetention('cache', { versions: 0 })
  await memory.history.setRetention('short', { days: 7 })
  await memory.history.setRetention('long', { days: 365 })
  const upkeep = await openUpkeep(file, clock)
  onTestFinished(upkeep.release)
  const left = async () => {
    await pruneHistory(upkeep)
    const rows = await memory.query('select namespace from hivewax_memory_history order by namespace')
    return rows.map(({ namespace }) => namespace)
  }
  expect(await left()).toEqual(['default', 'long', 'short'])
  clock.advance(8 * dayMs)
  expect(await left()).toEqual(['default', 'long'])
  clock.advance(90 * dayMs)
  expect(await left()).toEqual(['long'])
})

it.each(engines)('$name: what has expired leaves the disk with the records', async ({ open }) => {
  const clock = new TestClock()
  const memory = await open({ clock })
  await memory.store('key', 'kept')
  await memory.store('key', 'for a while', { ttl: 10 })
  await memory.store('key', 'now')
  clock.advance(20_000)
  expect(await memory.cleanup()).toMatchObject({ memory_store: 0, hivewax_memory_history: 1 })
  expect(await memory.query('select value from hivewax_memory_history')).toEqual([{ value: '"kept"' }])
})
