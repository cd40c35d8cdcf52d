import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { assertUnrounded, parseExactly, parseKeeping, readLoosely } from '../../src/util/exact-json.ts'
import type { Json } from '../../src/util/json.ts'

/** Texts that a JSON parser would take for another value than the one that somebody wrote. */
const texts = [
  '1.10',
  '3.10',
  '12e5',
  '1234567e8',
  '12345678901234567890',
  '1e21',
  '1E3',
  '-0.0',
  '0.50',
  ' 5',
  '5 ',
  '1e400',
]

/** Numbers in JSON that no double is. */
const lossy = [
  '9007199254740993',
  '-12345678901234567890',
  '12345678901234567.0',
  '1e400',
  '1e-400',
  '123456789012345678901e2',
]

/** Numbers in JSON that are kept, however they are spelled. */
const kept = [
  '1.10',
  '1e3',
  '12e20',
  '9007199254740992',
  '0.1000000000000000055',
  '1.7976931348623157e308',
  '5e-324',
  '0.0000000000000000000',
  '-0',
]

describe('a value given as text', () => {
  it.each(texts)('is the text %j, and says why it is not the number', text => {
    expect(readLoosely('it', text)).toEqual({ value: text, why: expect.stringContaining('as a number') })
  })

  it('is the value of which it is the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = Object.is(value, -0) ? '-0' : JSON.stringify(value)
        expect(readLoosely('it', text)).toEqual({ value: JSON.parse(text) })
      }),
    )
  })

  it('is true, false or null with spaces around too, which no number would be', () => {
    for (const text of [' true', 'null\n'])
      expect(readLoosely('it', text)).toEqual({ value: JSON.parse(text) })
  })

  it('is a number only where that prints back as it was written', () => {
    const literal = fc.stringMatching(/^-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?$/)
    fc.assert(
      fc.property(literal, text => {
        const { value } = readLoosely('it', text)
        expect(Object.is(value, -0) ? '-0' : String(value)).toBe(text)
      }),
    )
  })

  it('is text where it begins as JSON, and says so', () => {
    for (const text of ['[1,2', '{"a":1', '[x] done'])
      expect(readLoosely('it', text)).toEqual({ value: text, why: 'it is not whole JSON' })
    for (const text of ['', 'plain', '"open', 'NaN', '007', '1_000', '+5'])
      expect(readLoosely('it', text)).toEqual({ value: text })
  })
})

test.each(lossy)('JSON with the number %s is refused by name, or keeps it as text', literal => {
  const text = `{"list": [1, "${literal}", ${literal}]}`
  expect(() => parseExactly('the body', text)).toThrow(
    `the body has the number ${literal}, which would become`,
  )
  expect(() => readLoosely('VALUE', text)).toThrow('VALUE has the number')
  expect(parseKeeping(text)).toEqual({ list: [1, literal, literal] })
})

test.each(kept)('JSON with the number %s is what it says', literal => {
  const text = `[${literal}]`
  expect(parseExactly('the body', text)).toEqual(JSON.parse(text))
  expect(parseKeeping(text)).toEqual(JSON.parse(text))
})

test('a whole number prints back as it was written, or is refused', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), number => {
      const read = () => JSON.stringify(parseExactly('it', `[${number}]`))
      const kept = JSON.stringify([Number(number)])
      if (kept === `[${number}]`) expect(read()).toBe(kept)
      else expect(read).toThrow('would become')
    }),
  )
})

test('digits in strings are nobody’s number', () => {
  const text = JSON.stringify({ '12345678901234567890': '"12345678901234567890', a: '\\' })
  expect(parseExactly('it', text)).toEqual(JSON.parse(text))
})

test('what others have parsed is refused where it may have been rounded', () => {
  const value: Json = { ids: [1, { id: 12345678901234567000 }] }
  expect(() => assertUnrounded('remember', value)).toThrow(
    'remember.ids[1].id is the whole number 12345678901234567000',
  )
  for (const number of [2 ** 53 - 1, -(2 ** 53 - 1), 1e21, 1.5e300, 0.1]) assertUnrounded('it', [number])
})

test('JSON that is not whole is refused with its place', () => {
  expect(() => parseExactly('the body', '{"a":')).toThrow(/^the body is not JSON: /)
})
