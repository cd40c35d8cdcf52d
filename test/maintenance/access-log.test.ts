import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

test('reads are counted per key and namespace, exactly, and by minute', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  await memory.store('hot', 1)
  for (let i = 0; i < 5; i++) await memory.retrieve('hot')
  await memory.retrieve('hot', { namespace: 'other' })
  await memory.kv.retrieveMany(['hot', 'warm'])
  clock.advance(30 * 60_000)
  for (let i = 0; i < 3; i++) await memory.as('agent').retrieve('warm')
  expect(await memory.getHotKeys()).toEqual([
    { namespace: 'default', key: 'hot', reads: 6 },
    { namespace: 'default', key: 'warm', reads: 4 },
    { namespace: 'other', key: 'hot', reads: 1 },
  ])
  expect(await memory.getHotKeys({ timeframe: '10m' })).toEqual([
    { namespace: 'default', key: 'warm', reads: 3 },
  ])
  expect(await memory.getHotKeys({ threshold: 4 })).toEqual([{ namespace: 'default', key: 'hot', reads: 6 }])
  expect(await memory.getHotKeys({ limit: 1 })).toHaveLength(1)
  clock.advance(3_660_000)
  expect(await memory.getHotKeys()).toEqual([])
})

test('hot keys are exact once every process has closed', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const children = ['a', 'b', 'c'].map(name => {
    const child = startChild('count-reads', file)
    for (let i = 0; i < 200; i++) child.process.stdin?.write(`shared\nonly ${name} ${i % 7}\n`)
    child.process.stdin?.end()
    return child
  })
  expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0])
  const found = await memory.getHotKeys()
  expect(found[0]).toEqual({ namespace: 'default', key: 'shared', reads: 600 })
  expect(found).toHaveLength(1 + 3 * 7)
  expect(found.reduce((sum, { reads }) => sum + reads, 0)).toBe(1200)
})

test('reads are counted inside a transaction, in namespaces and keys of any form, and more than one flush holds', async () => {
  const memory = await openScratch()
  await memory.transaction(async tx => {
    await tx.retrieve('k with space', { namespace: 'n with space' })
  })
  await memory.kv.retrieveMany(Array.from({ length: 10_000 }, (_, i) => `k${i}`))
  await memory.retrieve('k1')
  const found = await memory.getHotKeys({ limit: 10_000 })
  expect(found).toHaveLength(10_000)
  expect(found[0]).toEqual({ namespace: 'default', key: 'k1', reads: 2 })
  expect(
    await memory.query("select namespace, key, reads from hivewax_access where namespace = 'n with space'"),
  ).toEqual([{ namespace: 'n with space', key: 'k with space', reads: 1 }])
})

test('reads are not counted when that was not wanted', async () => {
  const memory = await openScratch({ countReads: false })
  await memory.retrieve('k')
  expect(await memory.getHotKeys()).toEqual([])
})

test('counts reach the store by themselves', async () => {
  const file = scratchFile()
  const reader = await openScratch({}, file)
  const other = await openScratch({}, file)
  await reader.retrieve('k')
  await expect
    .poll(() => other.query('select key, reads from hivewax_access'), { timeout: 20_000, interval: 100 })
    .toEqual([{ key: 'k', reads: 1 }])
})
