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

const adapters: Record<string, () => KeyvStorageAdapter> = {
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
  it('is used by Keyv 6 as it is, and told absolute times', async () => {
    const clock = new TestClock()
    const adapter = new HivewaxKeyv(await openScratch({ clock }))
    expect(new Keyv({ store: adapter }).store).toBe(adapter)
    await adapter.set('soon', 1, clock.now() + 1_000)
    await adapter.setMany([
      { key: 'later', value: 2, expires: clock.now() + 2_000 },
      { key: 'never', value: 3 },
    ])
    expect(await adapter.getMany(['soon', 'later', 'never', 'none'])).toEqual([1, 2, 3, undefined])
    clock.advance(1_000)
    expect(await adapter.hasMany(['soon', 'later', 'never', 'none'])).toEqual([false, true, true, false])
    expect([await adapter.has('soon'), await adapter.get('soon')]).toEqual([false, undefined])
    await adapter.set('never', 4, clock.now() - 1)
    expect(await adapter.get('never')).toBeUndefined()
    expect(await adapter.deleteMany(['soon', 'later', 'never'])).toEqual([false, true, false])
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
})

const key = fc.constantFrom('a', 'b', '', '#a', 'a:b', '\ud800', 'long '.repeat(200), '__proto__', 'nul \0')
const namespace = fc.constantFrom(undefined, 'one', 'two', 'x'.repeat(200))
const value = fc.oneof(fc.integer(), fc.string(), fc.constant({ nested: [1] }))
const command = fc.oneof(
  fc.record({ name: fc.constant('set' as const), namespace, key, value }),
  fc.record({ name: fc.constant('get' as const), namespace, key }),
  fc.record({ name: fc.constant('has' as const), namespace, key }),
  fc.record({ name: fc.constant('delete' as const), namespace, key }),
  fc.record({ name: fc.constant('clear' as const), namespace }),
  fc.record({ name: fc.constant('entries' as const), namespace }),
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

async function run(adapter: KeyvStorageAdapter, command: Command): Promise<unknown> {
  adapter.namespace = command.namespace
  switch (command.name) {
    case 'set':
      return adapter.set(command.key, command.value)
    case 'clear':
      return adapter.clear()
    case 'entries': {
      const entries: unknown[] = []
      for await (const entry of adapter.iterator!()) entries.push(JSON.stringify(entry))
      return entries.sort()
    }
    default:
      return adapter[command.name](command.key)
  }
}

it('answers random commands under any keys and namespaces as an adapter should', async () => {
  const memory = await openScratch({ durability: 'normal' })
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), async commands => {
      const adapter = new HivewaxKeyv(memory, { namespace: `round ${round++}` })
      const model = new Map<string, Map<string, unknown>>()
      for (const each of commands) {
        const held = model.get(String(each.namespace)) ?? new Map<string, unknown>()
        model.set(String(each.namespace), held)
        const expected = {
          set: () => 'key' in each && 'value' in each && held.set(each.key, each.value) && true,
          get: () => 'key' in each && held.get(each.key),
          has: () => 'key' in each && held.has(each.key),
          delete: () => 'key' in each && held.delete(each.key),
          clear: () => held.clear(),
          entries: () => [...held].map(entry => JSON.stringify(entry)).sort(),
        }[each.name]()
        expect(await run(adapter, each)).toEqual(expected)
      }
    }),
    { numRuns: 100 },
  )
})
