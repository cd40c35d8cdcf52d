import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'

const invalid = { code: expect.stringMatching(/^(invalid_input|too_large)$/) }

const badNames: [why: string, name: unknown][] = [
  ['empty', ''],
  ['a NUL character', 'a\0b'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udfff'],
  ['longer than 512 bytes', 'é'.repeat(257)],
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { toString: () => 'k' }],
  ['an array', ['k']],
]

for (const [why, name] of badNames) {
  it(`refuses a key that is ${why}, wherever a key is taken`, async () => {
    const memory = await openScratch()
    const key = name as string
    await expect(memory.store(key, 1)).rejects.toMatchObject(invalid)
    await expect(memory.retrieve(key)).rejects.toMatchObject(invalid)
    await expect(memory.delete(key)).rejects.toMatchObject(invalid)
    await expect(memory.kv.storeMany([{ key, value: 1 }])).rejects.toMatchObject(invalid)
    await expect(memory.kv.retrieveMany([key])).rejects.toMatchObject(invalid)
    if (name === undefined) return
    const namespace = typeof name === 'string' ? name.slice(0, 200) : (name as string)
    await expect(memory.store('k', 1, { namespace })).rejects.toMatchObject(invalid)
    await expect(memory.clearNamespace(namespace)).rejects.toMatchObject(invalid)
  })
}

const strangeNames = [
  ' ',
  '\n\t',
  '\ufeff',
  '\u202etxt.exe',
  'é',
  'e\u0301',
  '\u{1f41d}\u200d\u{1f36f}',
  '__proto__',
  'constructor',
  '*?[]%_\\',
  "'; drop table memory_store; --",
  '../../etc/passwd',
  'file:x?mode=memory',
  'x'.repeat(512),
]

it('keeps strange keys apart, finds each and can delete each again', async () => {
  const memory = await openScratch()
  for (const [i, key] of strangeNames.entries()) await memory.store(key, i)
  for (const [i, key] of strangeNames.entries()) expect(await memory.retrieve(key)).toBe(i)
  expect((await memory.search('*')).map(record => record.key).sort()).toEqual([...strangeNames].sort())
  expect(await memory.kv.retrieveMany(strangeNames)).toEqual(new Map(strangeNames.map((key, i) => [key, i])))
  for (const key of strangeNames) expect(await memory.delete(key)).toBe(true)
  expect(await memory.search('*')).toEqual([])
})

it('gives back any key and any JSON value unchanged', async () => {
  const memory = await openScratch()
  const key = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter(k => !k.includes('\0') && k.isWellFormed())
  await fc.assert(
    fc.asyncProperty(key, fc.jsonValue(), async (k, value) => {
      await memory.store(k, value, { metadata: value })
      expect(await memory.retrieve(k)).toStrictEqual(value)
      expect((await memory.kv.get(k))?.metadata).toStrictEqual(value)
    }),
    { numRuns: 500 },
  )
})

const cyclic: Record<string, unknown> = {}
cyclic.self = { again: [cyclic] }

const deep = (levels: number) => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = [value]
  return value
}

const badValues: [why: string, value: unknown, path?: string][] = [
  ['undefined', undefined, 'value'],
  ['NaN', { a: [1, Number.NaN] }, 'value.a[1]'],
  ['Infinity', -Infinity, 'value'],
  ['a BigInt', { big: 1n }, 'value.big'],
  ['a function', { f: () => 1 }, 'value.f'],
  ['a symbol', Symbol('s'), 'value'],
  ['a nested undefined', { a: { b: undefined } }, 'value.a.b'],
  ['a hole in an array', new Array(2), 'value[0]'],
  ['a cycle', cyclic, 'value.self.again[0]'],
  ['a Map', { m: new Map([[1, 2]]) }, 'value.m'],
  ['a Set', new Set([1]), 'value'],
  ['a typed array', new Uint8Array(2), 'value'],
  ['a RegExp', /x/, 'value'],
  ['an Error', new Error('x'), 'value'],
  ['an invalid Date', new Date(Number.NaN), 'value'],
  ['deeper than 256 levels', deep(257)],
  ['larger than the limit', 'x'.repeat(1024 * 1024)],
]

for (const [why, value, at] of badValues) {
  it(`refuses a value that is or holds ${why}, naming where`, async () => {
    const memory = await openScratch()
    await memory.store('k', 'before')
    const refusal = memory.store('k', value)
    await expect(refusal).rejects.toMatchObject(
      at === undefined ? invalid : { ...invalid, details: { path: at } },
    )
    await expect(memory.store('k', 1, { metadata: { value } })).rejects.toMatchObject(invalid)
    expect(await memory.retrieve('k')).toBe('before')
  })
}

it('keeps the deepest and the largest value that it allows', async () => {
  const memory = await openScratch({ maxValueBytes: 2 * 1024 * 1024 })
  await memory.store('deep', deep(256))
  expect(await memory.retrieve('deep')).toEqual(deep(256))
  await memory.store('large', 'x'.repeat(2 * 1024 * 1024 - 2))
  await expect(memory.store('large', 'x'.repeat(2 * 1024 * 1024 - 1))).rejects.toMatchObject({
    code: 'too_large',
  })
  expect(await memory.retrieve('large')).toHaveLength(2 * 1024 * 1024 - 2)
})

it('takes __proto__ and constructor for ordinary fields', async () => {
  const memory = await openScratch()
  const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')
  await memory.store('k', value)
  const kept = await memory.retrieve('k')
  expect(JSON.stringify(kept)).toBe(JSON.stringify(value))
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

describe('options', () => {
  const bad: [why: string, options: object][] = [
    ['ttl 0', { ttl: 0 }],
    ['a negative ttl', { ttl: -1 }],
    ['ttl NaN', { ttl: Number.NaN }],
    ['ttl Infinity', { ttl: Infinity }],
    ['a ttl in words', { ttl: '1h' }],
    ['ttl and expiresAt', { ttl: 1, expiresAt: new Date() }],
    ['an invalid expiresAt', { expiresAt: new Date('never') }],
    ['an expiresAt beyond the year 9999', { expiresAt: new Date(8.64e15) }],
    ['an expiresAt in words', { expiresAt: 'tomorrow' }],
    ['a fractional revision', { expectedRevision: 1.5 }],
    ['a negative revision', { expectedRevision: -1 }],
    ['ifAbsent with a revision', { ifAbsent: true, expectedRevision: 3 }],
  ]
  for (const [why, options] of bad) {
    it(`refuses ${why}`, async () => {
      const memory = await openScratch()
      await expect(memory.store('k', 1, options)).rejects.toMatchObject(invalid)
      expect(await memory.retrieve('k')).toBeUndefined()
    })
  }

  it('takes the longest ttl for the last moment that there is', async () => {
    const memory = await openScratch()
    await memory.store('k', 1, { ttl: Number.MAX_VALUE / 1000 })
    expect((await memory.kv.get('k'))?.expiresAt).toEqual(new Date('9999-12-31T23:59:59.999Z'))
    expect(await memory.retrieve('k')).toBe(1)
  })
})

describe('patterns', () => {
  const bad: [why: string, glob: unknown][] = [
    ['empty', ''],
    ['too long', '*'.repeat(257)],
    ['NUL', 'a\0*'],
    ['a lone surrogate', '\ud800*'],
    ['no string', /x/],
  ]
  for (const [why, glob] of bad) {
    it(`refuses one that is ${why}`, async () => {
      const memory = await openScratch()
      await expect(memory.search(glob as string)).rejects.toMatchObject(invalid)
    })
  }

  it('answers the most expensive pattern and key that it allows', async () => {
    const memory = await openScratch()
    for (let i = 0; i < 100; i++) await memory.store(`${'a'.repeat(500)}${i}`, i)
    expect(await memory.search(`${'*a'.repeat(127)}b`)).toEqual([])
    expect(await memory.search('[', { limit: 1 })).toEqual([])
  })

  it('refuses bad limits and cursors', async () => {
    const memory = await openScratch()
    for (const limit of [0, -1, 1.5, 10_001, Number.NaN, '5']) {
      await expect(memory.search('*', { limit: limit as number })).rejects.toMatchObject(invalid)
    }
    for (const cursor of [
      '',
      'x',
      '????',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('{}').toString(),
    ]) {
      await expect(memory.kv.search('*', { cursor })).rejects.toMatchObject(invalid)
    }
  })
})

describe('locations', () => {
  const bad = ['a\0b', `${'/x'.repeat(3000)}/memory.db`, 'mysql://localhost/x', 'ftp://example', '']
  for (const location of bad) {
    it(`refuses ${JSON.stringify(location.slice(0, 40))}`, async () => {
      await expect(openMemory(location)).rejects.toMatchObject({
        code: expect.stringMatching(/invalid_input|storage|unsupported/),
      })
    })
  }

  it('takes a path with spaces, quotes, question marks and percent signs literally', async () => {
    const folder = scratchFolder()
    for (const name of [
      ' lead and trail ',
      "it's.db",
      'a?mode=memory',
      '100%25.db',
      'file:x',
      '\u{1f41d}.db',
    ]) {
      const memory = await openScratch({}, `${folder}/${name}`)
      await memory.store('k', name)
      expect(memory.url).toBe(`${folder}/${name}`)
      expect(await memory.query('pragma database_list')).toMatchObject([{ file: `${folder}/${name}` }])
    }
  })

  it('refuses bad options when it opens', async () => {
    const bad = [
      { maxValueBytes: 0 },
      { maxValueBytes: 1e9 },
      { cacheBytes: -1 },
      { busyTimeoutMs: -1 },
      { agentId: '' },
    ]
    for (const options of bad) await expect(openMemory(scratchFile(), options)).rejects.toMatchObject(invalid)
    await expect(openMemory(scratchFile(), { durability: 'none' as 'full' })).rejects.toMatchObject(invalid)
  })
})
