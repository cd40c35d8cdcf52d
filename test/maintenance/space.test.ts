import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/util/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { openUpkeep } from '../support/upkeep.ts'

test('free pages of a file are given back without rewriting it', async () => {
  const memory = await openScratch()
  const records = Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) }))
  await memory.kv.storeMany(records)
  await memory.clearNamespace('default')
  await memory.execute('delete from hivewax_memory_history')
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

test('the log that grew while somebody read is cut off by the upkeep once they have gone', async () => {
  const file = scratchFile()
  const memory = await openScratch({ durability: 'normal' }, file)
  const { engine, release } = await openUpkeep(file, systemClock)
  const reader = new DatabaseSync(file)
  reader.exec('begin')
  reader.prepare('select count(*) from memory_store').all()
  const value = (i: number) => String(i % 10).repeat(1_000_000)
  for (let i = 0; i < 40; i++) await memory.store('k', value(i))
  const logBytes = () => fs.statSync(`${file}-wal`).size
  const grown = logBytes()
  const { signal } = new AbortController()
  await engine.tidy(signal)
  expect(logBytes()).toBe(grown)
  reader.close()
  await engine.tidy(signal)
  expect(logBytes()).toBe(0)
  expect(await memory.retrieve('k')).toBe(value(39))
  await release()
})
