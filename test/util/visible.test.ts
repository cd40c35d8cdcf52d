import { expect, it } from 'vitest'
import { visible, visibleTexts } from '../../src/util/visible.ts'

/** What cannot be seen, reorders, or moves a cursor, by its kind. */
const hidden = [
  '\u0000',
  '\u0007',
  '\u001b',
  '\r',
  '\u007f',
  '\u009b', // controls
  '\u00ad',
  '\u034f',
  '\u115f',
  '\u3164',
  '\uffa0', // fillers
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2066',
  '\u2069', // directions
  '\u200b',
  '\u2060',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u206f',
  '\ufff9', // widths, separators, annotations
  '\u200c',
  '\u200d',
  '\ufe00',
  '\ufe0f',
  '\u180e', // what is needed elsewhere
  '\u{e0041}',
  '\u{e0001}',
  '\u{e0100}',
  '\u{1d173}',
  '\u{1bca0}', // beyond the first plane
] as const

it.each(hidden.map(character => [JSON.stringify(character).slice(1, -1), character]))(
  'what hides is spelled as JSON spells it: %s',
  (_, character) => {
    const units = [...Array(character.length).keys()].map(i => character.charCodeAt(i).toString(16))
    const spelled = units.map(unit => `\\u${unit.padStart(4, '0')}`).join('')
    expect(visible(`a${character}b`)).toBe(`a${spelled}b`)
    expect(JSON.parse(`"${spelled}"`)).toBe(character)
  },
)

/** Texts of people, which have to stay as they are. */
const needed = {
  'lines and tabs': 'a\tb\nc',
  Persian: 'می\u200cخواهم',
  Sinhala: 'ශ්\u200dරී',
  Hindi: 'क्\u200dष',
  Mongolian: '\u182d\u180b',
  'a family': '👨\u200d👩\u200d👧',
  'a heart': '❤\ufe0f',
  'a keycap': '1\ufe0f\u20e3',
  'a technologist': '👩🏽\u200d💻',
  'a flag with a selector': '🏳\ufe0f\u200d🌈',
  'the flag of Scotland': '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  accents: 'e\u0301 ñ 世界 שלום مرحبا',
}

it.each(Object.entries(needed))('what a text needs stays: %s', (_, text) => {
  expect(visible(text)).toBe(text)
})

it.each([
  ['tags behind a flag that is none', '🏴\u{e0068}\u{e0069}\u{e007f}'],
  ['a second joiner', 'م\u200c\u200c'],
  ['a second selector', '❤\ufe0f\ufe0f'],
  ['a joiner at the end of an emoji', '👩\u200d'],
  ['a joiner between Latin letters', 'a\u200db'],
])('and no more than that: %s', (_, text) => {
  expect(visible(text)).not.toBe(text)
})

it('JSON stays JSON of the same value, and a value keeps its shape', () => {
  const value = { ['\u202ekey']: ['\u200b', { a: '\u{e0041}"\\' }], n: 1, none: null }
  expect(JSON.parse(visible(JSON.stringify(value)))).toEqual(value)
  expect(visibleTexts(value)).toEqual({
    '\\u202ekey': ['\\u200b', { a: '\\udb40\\udc41"\\' }],
    n: 1,
    none: null,
  })
})
