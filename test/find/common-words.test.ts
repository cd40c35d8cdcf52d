import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { engines } from '../support/engines.ts'

/** More than the index ranks. */
const many = 2_400

async function storeMany(
  memory: Memory,
  record: (i: number) => { key: string; value: string; ttl?: number },
) {
  for (let from = 0; from < many; from += 400)
    await memory.kv.storeMany(Array.from({ length: 400 }, (_, i) => record(from + i)))
}

async function keys(
  memory: Memory,
  text: string,
  options?: Parameters<Memory['find']>[1],
): Promise<string[]> {
  return (await memory.find(text, options)).map(found => ('key' in found ? found.key : found.in))
}

describe.each(engines)('words that thousands of records hold, on $name,', ({ open }) => {
  it('are found beside rarer ones, all together, in a key and in a namespace, however old the record is', async () => {
    const memory = await open()
    await memory.store('mulberry', 'the oldest, found by its key')
    await memory.store('old', 'mulberry beside a rareword')
    await memory.store('other', 'only the rareword')
    await memory.store('whole', 'quince pie')
    await memory.store('elsewhere', 'mulberry', { namespace: 'n' })
    await storeMany(memory, i => ({ key: `k${i}`, value: i % 2 === 0 ? 'mulberry pie' : 'mulberry quince' }))
    await memory.optimize()
    expect((await keys(memory, 'mulberry'))[0]).toBe('mulberry')
    const best = (await keys(memory, 'mulberry rareword')).slice(0, 3)
    expect(best.sort()).toEqual(['mulberry', 'old', 'other'])
    expect((await keys(memory, 'quince pie'))[0]).toBe('whole')
    expect(await memory.find('mulberry', { limit: 100 })).toHaveLength(100)
    expect(await keys(memory, 'mulberry', { namespace: 'n' })).toEqual(['elsewhere'])
    expect(await keys(memory, 'mulberry pie', { namespace: 'n' })).toEqual(['elsewhere'])
    expect(await memory.find('mulberry', { namespace: 'absent' })).toEqual([])
    await memory.store('new', 'mulberry', { namespace: 'n' })
    await memory.kv.storeMany([{ key: 'k1', value: 'changed' }])
    expect((await keys(memory, 'mulberry', { namespace: 'n' })).sort()).toEqual(['elsewhere', 'new'])
  })

  it('are found in what lasts, though all that was stored since has expired', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.kv.storeMany(
      Array.from({ length: 20 }, (_, i) => ({ key: `lasting${i}`, value: 'mulberry tart' })),
    )
    await storeMany(memory, i => ({ key: `k${i}`, value: 'mulberry tart', ttl: 1 }))
    await memory.optimize()
    clock.advance(2_000)
    for (const text of ['mulberry', 'mulberry tart']) {
      const found = await keys(memory, text)
      expect(found).toHaveLength(10)
      expect(found.every(key => key.startsWith('lasting'))).toBe(true)
    }
  })
})
