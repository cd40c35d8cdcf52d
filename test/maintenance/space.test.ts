import { expect, test } from 'vitest'
import { openScratch } from '../support/memory.ts'

test('free pages of a file are given back without rewriting it', async () => {
  const memory = await openScratch()
  const records = Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) }))
  await memory.kv.storeMany(records)
  await memory.clearNamespace('default')
  expect((await memory.vacuum()).freedBytes).toBeGreaterThan(1_000_000)
})

test.each(['reindex', 'optimize'] as const)(
  '%s waits for a transaction of its own process, however long it takes',
  async job => {
    const memory = await openScratch({ busyTimeoutMs: 1 })
    const [entered, leave] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holding = memory.transaction(async tx => {
      await tx.store('k', 'held')
      entered.resolve()
      await leave.promise
    })
    await entered.promise
    const started = Promise.withResolvers<void>()
    const done = memory.maintenance[job]({ onProgress: () => started.resolve() })
    // It fails within these reads if it is at the lock instead of in the queue.
    const reads = async () => {
      await started.promise
      for (let i = 0; i < 200; i++) await memory.query('select 1')
    }
    await Promise.race([done, reads()])
    leave.resolve()
    await Promise.all([holding, done])
    expect(await memory.retrieve('k')).toBe('held')
  },
)

test('reads that were answered from memory are counted, and those that were not', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  for (let i = 0; i < 3; i++) await memory.retrieve('k')
  expect((await memory.analyzePerformance()).cache).toEqual({ hits: 2, misses: 1 })
})
