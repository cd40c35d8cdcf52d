import { keyvIteratorTests, default as keyvSuite } from '@keyv/test-suite'
import fc from 'fast-check'
import { Keyv, KeyvMemoryAdapter, type KeyvStorageAdapter } from 'keyv'
import * as vitest from 'vitest'
import { HivewaxKeyv } from '../../src/adapters/keyv.ts'
import { openMemory } from '../../src/open.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch } from '../support/memory.ts'

const { describe, expect, it } = vitest

/**
 * The suite on the registry is the one of Keyv 5. What it expects otherwise than Keyv 6 does, with every adapter: one
 * boolean for the deletion of several keys, and an adapter with `opts` that take a serializer.
 */
const ofKeyv5 = [
  '.deleteMany([keys]) with nonexistent keys resolves to false',
  'value can be BigInt using other serializer/deserializer',
]
/** What it sets to live for a second or three, and reads at once: time stands still for it. */
const brief = [
  '.set(key, value, ttl) sets a value that expires',
  '.get([keys]) should return array values',
  '.get([keys]) should return array values with undefined',
]
type Run = (context: vitest.TestContext) => unknown
const standing =
  (run: Run): Run =>
  async context => {
    vitest.vi.setSystemTime(Date.now())
    try {
      await run(context)
    } finally {
      vitest.vi.useRealTimers()
    }
  }
const test = {
  ...vitest,
  it: (name: string, run: Run) =>
    (ofKeyv5.includes(name) ? it.fails : it)(name, brief.includes(name) ? standing(run) : run),
}

const opened = await openMemory(':memory:', { background: false })
vitest.afterAll(() => opened.close())

const adapters: Record<string, () => KeyvStorageAdapter | HivewaxKeyv> = {
  'on HivewaxKeyv': () => new HivewaxKeyv(opened),
  "on Keyv's own adapter in memory": () => new KeyvMemoryAdapter(shared),
}
const shared = new Map()

describe.each(Object.entries(adapters))('the suite of Keyv %s', (_name, store) => {
  // Its types are those of Keyv 5.
  keyvSuite(test as never, Keyv as never, store as never)
  if (store() instanceof HivewaxKeyv) keyvIteratorTests(test as never, Keyv as never, store as never)
})

describe('the adapter', () => {
  it('lets entries expire by the clock of the store', async () => {
    const clock = new TestClock()
    const adapter = new HivewaxKeyv(await openScratch({ clock }))
    await adapter.set('soon', 1, 1_000)
    await adapter.setMany([
      { key: 'later', value: 2, ttl: 2_000 },
      { key: 'never', value: 3 },
    ])
    expect(await adapter.getMany(['soon', 'later', 'never', 'none'])).toEqual([1, 2, 3, undefined])
    clock.advance(1_000)
    expect(await adapter.hasMany(['soon', 'later', 'never', 'none'])).toEqual([false, true, true, false])
    expect([await adapter.has('soon'), await adapter.get('soon')]).toEqual([false, undefined])
    expect(await adapter.deleteMany(['soon', 'later', 'never'])).toEqual([false, true, true])
  })

  it('answers empty lists with empty lists', async () => {
    const adapter = new HivewaxKeyv(await openScratch())
    expect(await adapter.setMany([])).toEqual([])
    expect(await adapter.getMany([])).toEqual([])
    expect(await adapter.hasMany([])).toEqual([])
    expect(await adapter.deleteMany([])).toEqual([])
    expect(await adapter.iterator().next()).toEqual({ done: true, value: undefined })
  })

  it('stores all entries of setMany or none, and lets Keyv tell of a failure', async () => {
    const memory = await openScratch()
    const keyv = new Keyv({ store: new HivewaxKeyv(memory), serialization: false })
    const errors: { code?: string }[] = []
    keyv.on('error', error => errors.push(error))
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: Number.NaN },
    ])
    expect(errors).toMatchObject([{ code: 'invalid_input' }])
    expect(await keyv.get('a')).toBeUndefined()
  })

  it('shares what is set with every handle, and leaves the memory open when it disconnects', async () => {
    const memory = await openScratch()
    const [one, two] = [1, 2].map(() => new Keyv({ store: new HivewaxKeyv(memory), namespace: 'cache' }))
    await one!.set('key', { any: ['value'] }, 60_000)
    expect(await two!.get('key')).toEqual({ any: ['value'] })
    await one!.disconnect()
    expect(await two!.get('key')).toEqual({ any: ['value'] })
    expect((await memory.kv.namespaces()).items).toEqual([{ namespace: 'keyv/cache', count: 1 }])
  })

  it('keeps the Keyvs that share it apart: neither sees, clears or lists what the other has set', async () => {
    const adapter = new HivewaxKeyv(await openScratch())
    const users = new Keyv({ store: adapter, namespace: 'users' })
    const pages = new Keyv({ store: adapter, namespace: 'pages' })
    const plain = new Keyv({ store: adapter })
    for (const [keyv, value] of [
      [users, 'Ada'],
      [pages, '<h1>'],
      [plain, 1],
    ] as const)
      await keyv.set('1', value)
    expect([await users.get('1'), await pages.get('1'), await plain.get('1')]).toEqual(['Ada', '<h1>', 1])
    await pages.clear()
    expect([await users.get('1'), await pages.get('1'), await plain.get('1')]).toEqual(['Ada', undefined, 1])
    await plain.clear()
    expect([await users.get('1'), await plain.get('1')]).toEqual(['Ada', undefined])
    expect(await entriesOf(users)).toEqual([['1', 'Ada']])
    expect(await entriesOf(pages)).toEqual([])
  })

  it('finds under its namespace what a Keyv of an earlier release has stored there', async () => {
    const memory = await openScratch()
    await memory.store('/home', '{"value":"old"}', { namespace: 'keyv/pages' })
    const pages = new Keyv({ store: new HivewaxKeyv(memory), namespace: 'pages' })
    expect(await pages.get('/home')).toBe('old')
    await pages.clear()
    expect((await memory.kv.namespaces()).items).toEqual([])
  })
})

async function entriesOf(keyv: Keyv): Promise<unknown[]> {
  const entries: unknown[] = []
  for await (const entry of keyv.iterator()) entries.push(entry)
  return entries
}

const key = fc.constantFrom('a', 'b', '#a', 'a:b', '\ud800', 'long '.repeat(200), '__proto__', 'nul \0')
const inNamespace = fc.oneof(key, fc.constantFrom('a::b', '::', '::a'))
const namespaces = ['one', 'two', 'x'.repeat(200), '#']
const at = fc.oneof(
  fc.record({ namespace: fc.constant(undefined), key }),
  fc.record({ namespace: fc.constantFrom(...namespaces), key: inNamespace }),
)
const value = fc.oneof(fc.integer(), fc.string(), fc.constant({ nested: [1] }))
const command = fc.oneof(
  fc.record({ name: fc.constant('set' as const), at, value }),
  fc.record({ name: fc.constantFrom('get' as const, 'has' as const, 'delete' as const), at }),
  fc.record({ name: fc.constantFrom('clear' as const, 'entries' as const), at }),
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

async function run(keyv: Keyv, command: Command): Promise<unknown> {
  switch (command.name) {
    case 'set':
      return keyv.set(command.at.key, command.value)
    case 'clear':
      return keyv.clear()
    case 'entries':
      return (await entriesOf(keyv)).map(entry => JSON.stringify(entry)).sort()
    case 'get':
      return keyv.get(command.at.key)
    case 'has':
      return keyv.has(command.at.key)
    case 'delete':
      return keyv.delete(command.at.key)
  }
}

it('answers random commands of Keyvs that share it, under any keys and namespaces, as Keyv should', async () => {
  const memory = await openScratch({ durability: 'normal' })
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), async commands => {
      const store = new HivewaxKeyv(memory, { namespace: `round ${round++}` })
      const keyvs = new Map(
        [undefined, ...namespaces].map(namespace => [
          namespace,
          new Keyv({ store, ...(namespace && { namespace }) }),
        ]),
      )
      const model = new Map([...keyvs.keys()].map(namespace => [namespace, new Map<string, unknown>()]))
      for (const each of commands) {
        const held = model.get(each.at.namespace)!
        const expected = {
          set: () => 'value' in each && held.set(each.at.key, each.value) && true,
          get: () => held.get(each.at.key),
          has: () => held.has(each.at.key),
          delete: () => held.delete(each.at.key),
          clear: () => held.clear(),
          entries: () => [...held].map(entry => JSON.stringify(entry)).sort(),
        }[each.name]()
        expect(await run(keyvs.get(each.at.namespace)!, each)).toEqual(expected)
      }
    }),
    { numRuns: 100 },
  )
})
