import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { snippet } from '../../src/find/snippet.ts'

const filler = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `f${from + i}`).join(' ')
const show = (text: string, ...terms: string[]) => snippet('title', text, new Set(terms))

describe('a snippet', () => {
  it('is the whole text when that is short', () => {
    expect(show('one two\n\n three', 'two')).toBe('one «two» three')
  })

  it('is the place with the most different words', () => {
    const text = `alpha alpha alpha ${filler(0, 80)} alpha beta ${filler(80, 80)} beta`
    expect(show(text, 'alpha', 'beta')).toMatch(/^…f\d+ .* f79 «alpha» «beta» f80 .*f\d+…$/)
  })

  it('begins and ends between words', () => {
    const shown = show(`${filler(0, 100)} here ${filler(100, 100)}`, 'here')
    expect(shown).toMatch(/^…f\d+ .*«here».* f\d+…$/)
    const words = shown.slice(1, -1).replace(/[«»]/g, '').split(' ')
    expect(`${filler(0, 100)} here ${filler(100, 100)}`.split(' ')).toEqual(expect.arrayContaining(words))
  })

  it('shows the title when only that matches, and the beginning when nothing does', () => {
    expect(snippet('the_key', 'some text', new Set(['kei', 'key']))).toBe('the_«key»: some text')
    expect(snippet('k', filler(0, 100), new Set(['absent']))).toMatch(/^k: f0 f1 .*f\d+…$/)
  })

  it('is one short line that holds nothing but the text and its marks, whatever the text', () => {
    const units = [
      'a',
      'B',
      ' ',
      '\n',
      '\u001b',
      'é',
      '重',
      '\u{20000}',
      '_',
      'retry',
      'maxRetry',
      '\u{1f41d}',
    ]
    const unit = fc.constantFrom(...units)
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 400 }), parts => {
        const text = parts.join('')
        const shown = show(text, 'retri', 'a', '重')
        expect(shown).not.toMatch(/[\p{Cc}\n]/u)
        expect(shown.isWellFormed()).toBe(true)
        expect(shown.length).toBeLessThan(600)
        const bare = shown.replaceAll(/[«»…]/g, '').replace(/^title(: |$)/, '')
        expect(text.replace(/[\s\p{Cc}]+/gu, ' ')).toContain(bare)
      }),
    )
  })
})
