import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainText } from '../../src/find/plain.ts'

describe('the plain text of a value', () => {
  it.each([
    ['"hello \\"world\\"\\n\\u00e9"', 'hello "world"\né'],
    ['{"theme":"dark","n":[1,2.5,null],"o":{"x":true}}', 'theme: dark, n: 1, 2.5, null, o: x: true'],
    ['{}', ''],
    ['42', '42'],
    ['null', 'null'],
    ['plain, not JSON: [x]', 'plain, not JSON: [x]'],
    ['{"a, b: c":"d, [e]"}', 'a, b: c: d, [e]'],
  ])('%s is %j', (json, text) => {
    expect(plainText(json)).toBe(text)
  })

  it.each([
    ['{"a":"cut o', 'a: cut o'],
    ['{"a":"cut\\u00', 'a: cut u00'],
    ['{"a":"cut\\', 'a: cut\\'],
    ['["a","b', 'a, b'],
  ])('reads %s, which was cut off, to its end', (json, text) => {
    expect(plainText(json)).toBe(text)
  })

  it('has every string of the value, whatever the value', () => {
    const strings = (value: unknown): string[] => {
      if (typeof value === 'string') return [value]
      if (typeof value !== 'object' || value === null) return []
      return Object.entries(value).flatMap(([key, field]) => [
        ...(Array.isArray(value) ? [] : [key]),
        ...strings(field),
      ])
    }
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = plainText(JSON.stringify(value))
        for (const string of strings(value)) expect(text).toContain(string)
      }),
    )
  })
})
