import fc from 'fast-check'
import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('never serves a value that another process has replaced', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('counter', 0)
  const child = startChild('echo', file)
  for (let n = 1; n <= 200; n++) {
    expect(await memory.retrieve('counter')).toBe(n - 1)
    child.process.stdin?.write(`${n}\n`)
    await child.until(line => line === String(n))
    expect(await memory.retrieve('counter')).toBe(n)
  }
})

it('never serves a value that this process has replaced, by whatever way', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const other = await openScratch({}, file)
  const ways = [
    (v: number) => memory.store('k', v),
    (v: number) => other.store('k', v),
    (v: number) => memory.transaction(tx => tx.store('k', v)),
    (v: number) => other.execute('update memory_store set value = ?', [String(v)]),
    (v: number) => memory.transaction(tx => tx.execute('update memory_store set value = ?', [String(v)])),
    (v: number) => memory.kv.storeMany([{ key: 'k', value: v }]),
  ]
  await memory.store('k', -1)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(ways.length - 1), { maxLength: 12 }), async order => {
      for (const [i, way] of order.entries()) {
        await memory.retrieve('k')
        await ways[way]?.(i)
        expect(await Promise.all([memory.retrieve('k'), other.retrieve('k')])).toEqual([i, i])
      }
    }),
    { numRuns: 60 },
  )
})

it('answers from memory while nothing changes, and asks again after a change', async () => {
  const memory = await openScratch({ slowQueryMs: 0 })
  await memory.store('k', 1)
  const asked: string[] = []
  memory.on('slow_query', query => asked.push(query))
  for (let i = 0; i < 5; i++) await memory.retrieve('k')
  expect(asked).toHaveLength(1)
  await memory.store('other', 1)
  await memory.retrieve('k')
  expect(asked.filter(query => query.startsWith('select'))).toHaveLength(2)
})

it('keeps within its size and still answers right', async () => {
  const memory = await openScratch({ cacheBytes: 2_000 })
  for (let i = 0; i < 50; i++) await memory.store(`k${i}`, 'x'.repeat(100) + i)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 50; i++) expect(await memory.retrieve(`k${i}`)).toBe('x'.repeat(100) + i)
  }
})
