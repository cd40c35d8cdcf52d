import { expect, test } from 'vitest'
import { openScratch } from '../support/memory.ts'

test('free pages of a file are given back without rewriting it', async () => {
  const memory = await openScratch()
  const records = Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) }))
  await memory.kv.storeMany(records)
  await memory.clearNamespace('default')
  expect((await memory.vacuum()).freedBytes).toBeGreaterThan(1_000_000)
})

test('reads that were answered from memory are counted, and those that were not', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  for (let i = 0; i < 3; i++) await memory.retrieve('k')
  expect((await memory.analyzePerformance()).cache).toEqual({ hits: 2, misses: 1 })
})
