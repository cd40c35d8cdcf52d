import fc from 'fast-check'
import { expect, it } from 'vitest'
import { asName, scan } from '../../src/adapters/records.ts'
import { fromStored, toStored } from '../../src/adapters/values.ts'
import { openScratch } from '../support/memory.ts'

const odd = fc.constantFrom(
  '',
  '#',
  '#a',
  '\0',
  '\ud800',
  '\udc00',
  'ä'.repeat(60),
  'x'.repeat(129),
  '*',
  '[',
  '?',
  ']',
  '/',
)
const text = fc.oneof(
  odd,
  fc.string({ unit: 'binary' }),
  fc.array(odd, { maxLength: 3 }).map(parts => parts.join('')),
)

it('gives every text a name that the store takes, and no two texts the same', async () => {
  const memory = await openScratch({ durability: 'normal' })
  const seen = new Map<string, string>()
  await fc.assert(
    fc.asyncProperty(text, async given => {
      const name = asName(given, 100)
      await memory.store('key', 1, { namespace: name })
      expect(seen.get(name) ?? given).toBe(given)
      seen.set(name, given)
      // The name of one text is not taken by another that looks like it.
      if (name !== given) expect(asName(name, 100)).not.toBe(name)
    }),
  )
})

it('scans all keys that begin with a text, however long it is and whatever its characters', async () => {
  const memory = await openScratch({ durability: 'normal' })
  const keys = [
    'a',
    'a*',
    'a*b',
    'a[b',
    'a[b]c',
    'a?',
    'ab',
    'é',
    '[',
    `${'k'.repeat(300)}1`,
    `${'k'.repeat(300)}2`,
    'k',
  ]
  await memory.kv.storeMany(keys.map(key => ({ key, value: key })))
  for (const prefix of ['', 'a', 'a*', 'a[', 'a?', '[', '*', 'k', 'k'.repeat(250), `${'k'.repeat(300)}2`]) {
    const found: string[] = []
    for await (const { key } of scan(memory, 'default', { prefix, pageSize: 2 })) found.push(key)
    expect(found.toSorted()).toEqual(keys.filter(key => key.startsWith(prefix)).toSorted())
  }
})

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 5 }),
)
const field = fc.oneof(fc.constantFrom('$base64', '$$base64', '$$$base64', '__proto__'), fc.string())
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(field, tie('value'), { maxKeys: 2, noNullPrototype: true }),
  ),
}))

it('gives back the values that it stored, bytes and what looks like them included', () => {
  fc.assert(
    fc.property(value, given => {
      expect(fromStored(JSON.parse(JSON.stringify(toStored(given))))).toStrictEqual(given)
    }),
    { numRuns: 1_000 },
  )
})
