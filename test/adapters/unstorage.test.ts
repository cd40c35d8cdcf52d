import { createStorage, restoreSnapshot, type Storage } from 'unstorage'
import { expect, it } from 'vitest'
import { hivewaxDriver } from '../../src/adapters/unstorage.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

async function open(
  options: { clock?: TestClock; watchIntervalMs?: number } = {},
): Promise<{ memory: Memory; storage: Storage }> {
  const { watchIntervalMs, ...rest } = options
  const memory = await openScratch(rest)
  return { memory, storage: createStorage({ driver: hivewaxDriver({ memory, watchIntervalMs }) }) }
}

it('is empty at first, and takes a snapshot', async () => {
  const { storage } = await open()
  expect([await storage.hasItem('s1:a'), await storage.getItem('s2:a'), await storage.getKeys()]).toEqual([
    false,
    null,
    [],
  ])
  await restoreSnapshot(storage, { initial: 'works' })
  expect(await storage.getItem('initial')).toBe('works')
})

it('sets, gets and removes items under normalized keys', async () => {
  const { storage } = await open()
  await storage.setItem('s1/a', 'text')
  await storage.setItem('s3:a?q=1', 'query')
  expect([await storage.hasItem('s1:a'), await storage.getItem('s1:a')]).toEqual([true, 'text'])
  expect(await storage.getItem('s3:a?q=2')).toBe('query')
  await storage.removeItem('s1:a')
  expect([await storage.hasItem('s1:a'), await storage.getItem('s1:a')]).toEqual([false, null])
})

it('keeps numbers, booleans, null and objects as they were', async () => {
  const { storage } = await open()
  for (const value of [0, false, true, null, 12.5, { json: ['works'] }, [1], '', 'text']) {
    await storage.setItem('value', value as never)
    expect(await storage.getItem('value')).toEqual(value)
  }
  await storage.setItem('date', { toJSON: () => ({ lossy: 'works' }) })
  expect(await storage.getItem('date')).toEqual({ lossy: 'works' })
  await expect(storage.setItem('bad', new (class Test {})())).rejects.toThrow('Cannot stringify value')
})

it('lists keys below a base and up to a depth', async () => {
  const { storage } = await open()
  for (const key of ['a0', 'a:b0', 'a:b:c0', 'a:b:c1', 'a*:x']) await storage.setItem(key, 1)
  expect(await storage.getKeys('a')).toEqual(['a:b0', 'a:b:c0', 'a:b:c1'])
  expect(await storage.getKeys('a*')).toEqual(['a*:x'])
  expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['a0'])
  expect((await storage.getKeys(undefined, { maxDepth: 1 })).toSorted()).toEqual(['a*:x', 'a0', 'a:b0'])
})

it('keeps bytes, and reads text as bytes and bytes as text as files do', async () => {
  const { storage } = await open()
  const bytes = new Uint8Array([0, 1, 2, 255])
  await storage.setItemRaw('raw.bin', bytes)
  expect(Uint8Array.from((await storage.getItemRaw('raw.bin')) as Buffer)).toEqual(bytes)
  await storage.setItemRaw('view', new Uint8Array([9, 1, 2, 9]).subarray(1, 3))
  expect([...((await storage.getItemRaw('view')) as Buffer)]).toEqual([1, 2])
  await storage.setItemRaw('text.bin', Buffer.from('häh'))
  expect(await storage.getItem('text.bin')).toBe('häh')
  await storage.setItem('text', 'häh')
  expect(String(await storage.getItemRaw('text'))).toBe('häh')
  expect(await storage.getItemRaw('none')).toBeNull()
  await expect(storage.setItemRaw('bad', { no: 'bytes' })).rejects.toMatchObject({ code: 'invalid_input' })
})

it('sets and gets many at once, all or none', async () => {
  const { storage, memory } = await open()
  await storage.setItems<string>([
    { key: 't:1', value: 'one' },
    { key: 't:2', value: 'two' },
  ])
  expect(await storage.getItems(['t:1', { key: 't:2' }, 't:3'])).toEqual([
    { key: 't:1', value: 'one' },
    { key: 't:2', value: 'two' },
    { key: 't:3', value: null },
  ])
  const tooLarge = 'x'.repeat(2 ** 21)
  await expect(
    storage.setItems<string>([
      { key: 'u:1', value: 'one' },
      { key: 'u:2', value: tooLarge },
    ]),
  ).rejects.toMatchObject({
    code: 'too_large',
  })
  expect(await memory.kv.get('u:1', { namespace: 'unstorage' })).toBeUndefined()
})

it('clears all of it, a part of it, and what is empty', async () => {
  const { storage } = await open()
  for (const key of ['a:1', 'a:2', 'b:1']) await storage.setItem(key, 1)
  // A storage does not pass a base on to a driver that is mounted above it.
  await storage.getMount('').driver.clear!('a:', {})
  expect(await storage.getKeys()).toEqual(['b:1'])
  await storage.clear()
  await storage.clear()
  expect(await storage.getKeys()).toEqual([])
})

it('tells when an item was made and changed, and keeps metadata of its own', async () => {
  const clock = new TestClock()
  const { storage } = await open({ clock })
  await storage.setItem('a', 1)
  const made = new Date(clock.now())
  clock.advance(5_000)
  await storage.setItem('a', 2)
  await storage.setMeta('a', { author: 'ada' })
  expect(await storage.getMeta('a')).toEqual({ birthtime: made, mtime: new Date(clock.now()), author: 'ada' })
  expect({ ...(await storage.getMeta('none')) }).toEqual({})
})

it('lets an item expire after its ttl in seconds', async () => {
  const clock = new TestClock()
  const { storage } = await open({ clock })
  await storage.setItem('a', 1, { ttl: 10 })
  clock.advance(9_999)
  expect(await storage.getItem('a')).toBe(1)
  clock.advance(1)
  expect([await storage.getItem('a'), await storage.hasItem('a'), await storage.getKeys()]).toEqual([
    null,
    false,
    [],
  ])
})

it('is mounted beside others under a base', async () => {
  const memory = await openScratch()
  const storage = createStorage()
  storage.mount('shared', hivewaxDriver({ memory, namespace: 'app' }))
  await storage.setItem('shared:key', 'here')
  await storage.setItem('other', 'elsewhere')
  expect(await memory.retrieve('key', { namespace: 'app' })).toBe('here')
  expect(await storage.getKeys('shared')).toEqual(['shared:key'])
})

it('takes keys of any length', async () => {
  const { storage } = await open()
  const key = `long:${'k'.repeat(3_000)}`
  await storage.setItem(key, 1)
  expect([await storage.getItem(key), await storage.getKeys()]).toEqual([1, [key]])
})

it('tells of the changes of other handles until it is told to stop', async () => {
  const file = scratchFile()
  const [mine, theirs] = [await openScratch({}, file), await openScratch({}, file)]
  const storage = createStorage({ driver: hivewaxDriver({ memory: mine, watchIntervalMs: 5 }) })
  const other = createStorage({ driver: hivewaxDriver({ memory: theirs }) })
  await other.setItem('old', 1)
  const seen: string[] = []
  const stop = await storage.watch((event, key) => seen.push(`${event} ${key}`))
  await other.setItem('new', 1)
  await expect.poll(() => seen).toEqual(['update new'])
  await other.removeItem('old')
  await expect.poll(() => seen).toEqual(['update new', 'remove old'])
  await stop()
  await other.setItem('unseen', 1)
  await storage.dispose()
  expect(seen).toHaveLength(2)
})
