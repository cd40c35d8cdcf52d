import { InMemoryStore, type Operation } from '@langchain/langgraph-checkpoint'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HivewaxStore } from '../../src/adapters/langgraph.ts'
import { openScratch } from '../support/memory.ts'

async function open() {
  const memory = await openScratch()
  return { memory, store: new HivewaxStore(memory) }
}

describe('items', () => {
  it('are put, read, replaced with their creation time kept, and deleted', async () => {
    const { store } = await open()
    expect(await store.get(['users', '1'], 'prefs')).toBeNull()
    await store.put(['users', '1'], 'prefs', { theme: 'dark', left: undefined })
    const first = await store.get(['users', '1'], 'prefs')
    expect(first).toMatchObject({ namespace: ['users', '1'], key: 'prefs', value: { theme: 'dark' } })
    await store.put(['users', '1'], 'prefs', { theme: 'light' })
    const second = await store.get(['users', '1'], 'prefs')
    expect(second).toMatchObject({ value: { theme: 'light' }, createdAt: first!.createdAt })
    expect(second!.updatedAt.getTime()).toBeGreaterThanOrEqual(first!.updatedAt.getTime())
    await store.delete(['users', '1'], 'prefs')
    expect(await store.get(['users', '1'], 'prefs')).toBeNull()
  })

  it('have any key, and namespaces of any length', async () => {
    const { store } = await open()
    const long = Array.from({ length: 9 }, (_, i) => `label number ${i} of a long namespace`)
    for (const namespace of [['a'], long, ['*', '[a]', 'b/c']]) {
      for (const key of ['', 'a:b.c', '#x', 'k'.repeat(2000), '\ud800', '\ud801', '*', 'nul \0']) {
        await store.put(namespace, key, { key })
        expect(await store.get(namespace, key)).toMatchObject({ namespace, key, value: { key } })
      }
      expect(await store.search(namespace, { limit: 100 })).toHaveLength(8)
    }
  })

  it('are refused under namespaces that LangGraph does not allow', async () => {
    const { store } = await open()
    for (const namespace of [[], [''], ['a.b'], ['a:b'], ['a\0'], ['langgraph', 'x']]) {
      await expect(store.put(namespace, 'key', {})).rejects.toMatchObject({ name: 'InvalidNamespaceError' })
    }
    expect(await store.get([], 'key')).toBeNull()
    expect(await store.search(['langgraph'])).toEqual([])
  })
})

describe('a batch', () => {
  it('reads what was there before it, and writes the last value of each key, all or nothing', async () => {
    const { store } = await open()
    await store.put(['a'], 'key', { n: 0 })
    const operations = [
      { namespace: ['a'], key: 'key', value: { n: 1 } },
      { namespace: ['a'], key: 'key' },
      { namespacePrefix: ['a'], limit: 10, offset: 0 },
      { namespace: ['a'], key: 'key', value: { n: 2 } },
      { namespace: ['b'], key: 'gone', value: { n: 3 } },
      { namespace: ['b'], key: 'gone', value: null },
      { limit: 10, offset: 0, matchConditions: undefined },
    ]
    const results = await store.batch(operations as Operation[])
    expect(results).toMatchObject([
      undefined,
      { value: { n: 0 } },
      [{ value: { n: 0 } }],
      undefined,
      undefined,
      undefined,
      [['a']],
    ])
    expect(await store.get(['a'], 'key')).toMatchObject({ value: { n: 2 } })
    expect(await store.get(['b'], 'gone')).toBeNull()
    const refused = store.batch([
      { namespace: ['a'], key: 'key', value: { n: 3 } },
      { namespace: ['a'], key: 'bad', value: { n: Number.NaN } },
    ])
    await expect(refused).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await store.get(['a'], 'key')).toMatchObject({ value: { n: 2 } })
  })
})

describe('a search', () => {
  it('takes whole labels of a prefix, and no character of theirs as a wildcard', async () => {
    const { store } = await open()
    for (const namespace of [['user_1'], ['user_1', 'notes'], ['userX1'], ['user_11'], ['%'], ['user*']]) {
      await store.put(namespace, 'key', { at: namespace.join('/') })
    }
    const found = async (prefix: string[]) =>
      (await store.search(prefix)).map(({ value }) => value.at).toSorted()
    expect(await found(['user_1'])).toEqual(['user_1', 'user_1/notes'])
    expect(await found(['user*'])).toEqual(['user*'])
    expect(await found(['%'])).toEqual(['%'])
    expect(await found(['user'])).toEqual([])
    expect(await found([])).toHaveLength(6)
  })

  it('filters by equality and by every operator', async () => {
    const { store } = await open()
    const rows = [
      { n: 1, color: 'red', tags: ['a'], at: '2026-01-01' },
      { n: 2, color: 'blue', nested: { x: 1 }, at: '2026-02-01' },
      { n: 3, color: 'red', at: '2026-03-01' },
    ]
    for (const row of rows) await store.put(['rows'], String(row.n), row)
    const filtered = async (filter: Record<string, unknown>) =>
      (await store.search(['rows'], { filter })).map(({ value }) => value.n)
    expect(await filtered({ color: 'red' })).toEqual([1, 3])
    expect(await filtered({ color: 'red', n: { $gt: 1 } })).toEqual([3])
    expect(await filtered({ n: { $gte: 1, $lt: 3 } })).toEqual([1, 2])
    expect(await filtered({ n: { $ne: 2 } })).toEqual([1, 3])
    expect(await filtered({ n: { $eq: 2 } })).toEqual([2])
    expect(await filtered({ n: { $lte: 1 } })).toEqual([1])
    expect(await filtered({ color: { $in: ['blue', 'green'] } })).toEqual([2])
    expect(await filtered({ color: { $nin: ['blue'] } })).toEqual([1, 3])
    expect(await filtered({ nested: { $exists: true } })).toEqual([2])
    expect(await filtered({ nested: { x: 1 }, tags: { $exists: false } })).toEqual([2])
    expect(await filtered({ tags: ['a'] })).toEqual([1])
    expect(await filtered({ at: { $gte: '2026-02-01' } })).toEqual([2, 3])
    expect(await filtered({ toString: { $exists: true } })).toEqual([])
    await expect(filtered({ n: { $near: 1 } })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('gives ten items unless told, and skips an offset', async () => {
    const { store } = await open()
    for (let i = 0; i < 15; i++) await store.put(['a'], String(i).padStart(2, '0'), { i })
    const found = async (options?: { limit?: number; offset?: number }) =>
      (await store.search(['a'], options)).map(({ value }) => value.i)
    expect(await found()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await found({ limit: 3, offset: 13 })).toEqual([13, 14])
    expect(await found({ limit: 0 })).toEqual([])
  })

  it('ranks by full text below its prefix only, leaving out what is not to be indexed', async () => {
    const { store } = await open()
    await store.put(['ada'], 'food', { text: 'I like pizza and pasta' })
    await store.put(['ada'], 'sport', { text: 'I like tennis' })
    await store.put(['ada', 'old'], 'food', { text: 'pizza long ago' })
    await store.put(['ada'], 'secret', { text: 'pizza every night' }, false)
    await store.put(['bo'], 'food', { text: 'pizza pizza pizza' })
    const found = await store.search(['ada'], { query: 'who eats pizza?' })
    expect(found.map(({ namespace, key }) => [...namespace, key])).toEqual(
      expect.arrayContaining([
        ['ada', 'food'],
        ['ada', 'old', 'food'],
      ]),
    )
    expect(found).toHaveLength(2)
    for (const { score } of found) expect(score).toBeGreaterThan(0)
    expect(await store.search(['ada'], { query: 'pizza', filter: { text: 'pizza long ago' } })).toHaveLength(
      1,
    )
    expect(await store.search(['ada'], { query: 'pizza', limit: 1, offset: 1 })).toHaveLength(1)
  })
})

it('lists namespaces by prefix, suffix and wildcard, cut to a depth, those that hold items', async () => {
  const { store } = await open()
  const namespaces = [['a', 'b', 'c'], ['a', 'b', 'd'], ['a', 'x', 'c'], ['b', 'b', 'c'], ['a']]
  for (const namespace of namespaces) await store.put(namespace, 'key', {})
  await store.put(['gone'], 'key', {})
  await store.delete(['gone'], 'key')
  expect(await store.listNamespaces()).toEqual(namespaces.toSorted())
  expect(await store.listNamespaces({ prefix: ['a', 'b'] })).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'd'],
  ])
  expect(await store.listNamespaces({ suffix: ['c'] })).toHaveLength(3)
  expect(await store.listNamespaces({ prefix: ['a', '*', 'c'] })).toEqual([
    ['a', 'b', 'c'],
    ['a', 'x', 'c'],
  ])
  expect(await store.listNamespaces({ suffix: ['b', '*'] })).toHaveLength(3)
  expect(await store.listNamespaces({ prefix: ['a'], suffix: ['d'] })).toEqual([['a', 'b', 'd']])
  expect(await store.listNamespaces({ maxDepth: 2 })).toEqual([['a'], ['a', 'b'], ['a', 'x'], ['b', 'b']])
  expect(await store.listNamespaces({ limit: 1, offset: 1 })).toEqual([['a', 'b', 'c']])
})

const label = fc.constantFrom('a', 'b', 'c*', '%')
const namespace = fc.array(label, { minLength: 1, maxLength: 3 })
const operation = fc.oneof(
  fc.record({ namespace, key: label }),
  fc.record({
    namespace,
    key: label,
    value: fc.oneof(fc.constant(null), fc.record({ n: fc.integer({ max: 3 }) })),
  }),
  fc.record({
    namespacePrefix: fc.array(label, { maxLength: 2 }),
    filter: fc.constantFrom(undefined, { n: 1 }, { n: { $gt: 0 } }, { n: { $ne: 2 } }),
    limit: fc.constant(100),
    offset: fc.constant(0),
  }),
)

it('answers random batches as the store in memory does', async () => {
  const memory = await openScratch({ durability: 'normal' })
  let round = 0
  const sorted = (result: unknown) =>
    Array.isArray(result)
      ? result.map(item => JSON.stringify([item.namespace, item.key, item.value])).toSorted()
      : result
  const plain = (result: unknown) =>
    JSON.parse(
      JSON.stringify(sorted(result) ?? null, (name, value) => (/At$/.test(name) ? undefined : value)),
    )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 8 }), async batches => {
      const ours = new HivewaxStore(memory, { namespace: `round ${round++}` })
      const theirs = new InMemoryStore()
      for (const batch of batches) {
        const expected = await theirs.batch(structuredClone(batch) as Operation[])
        // The store in memory hands out its own objects, which later puts change.
        const before = expected.map(plain)
        expect((await ours.batch(batch as Operation[])).map(plain)).toEqual(before)
      }
    }),
    { numRuns: 60 },
  )
})
