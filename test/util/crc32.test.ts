import { crc32 as ofZlib } from 'node:zlib'
import { expect, it } from 'vitest'
import { crc32 } from '../../src/util/crc32.ts'

const texts = [
  '',
  '123456789',
  '\0key\u0001{"a":1}',
  'na\u00efve',
  '\u65e5\u672c\u8a9e \u{1f600} \u{1f469}\u200d\u{1f680} \ud800',
  ...Array.from({ length: 250 }, (_, i) => `${i} `.repeat(i)),
]

it('is that of zlib for any text, whether zlib computes it or not', () => {
  expect(crc32('123456789')).toBe(0xcbf43926 | 0)
  for (const text of texts) expect(crc32(text), text.slice(0, 40)).toBe(ofZlib(text) | 0)
})

it('goes on behind the text before, as if both were one', () => {
  for (const one of texts.slice(0, 40))
    for (const two of texts.slice(0, 40))
      expect(crc32(two, crc32(one)), JSON.stringify([one, two])).toBe(ofZlib(one.toWellFormed() + two) | 0)
})
