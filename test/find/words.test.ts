import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { matches, queryTerms, textTerms } from '../../src/find/terms.ts'

describe('the terms of a text', () => {
  it.each([
    ['', ''],
    ['… — "" \u{1f41d}', ''],
    ['build_preferences-v2/main.ts', 'build prefer v2 main ts'],
    ['HTTPServer parseJSON fooBar2Baz', 'httpserver http server parsejson pars json foobar2baz foo bar2 baz'],
    ['Café CAFE\u0301 ＡＢＣ straße', 'cafe cafe abc straße'],
    ['重试 v2', '重 重试 试 v2'],
    ['重试abc', '重 重试 试 abc'],
    ['½ ﬁle', '12 file'],
    ['\u0301', ''],
    ['x'.repeat(200), 'x'.repeat(128)],
  ])('of %j are %j', (text, terms) => {
    expect(textTerms(text)).toBe(terms)
  })

  it('are letters and digits only, so that no engine finds syntax in them', () => {
    const all = Array.from({ length: 0x3000 }, (_, i) => String.fromCodePoint(i)).join(' ')
    for (const term of textTerms(all).split(' ')) expect(term).toMatch(/^[\p{L}\p{M}\p{N}]*$/u)
  })
})

describe('the terms of a search', () => {
  it('leave out what is in every text, unless there is nothing else', () => {
    expect(queryTerms("Why doesn't the deploy work?")).toEqual(['deploy', 'work'])
    expect(queryTerms('To be, or not to be')).toEqual(['to', 'be', 'or', 'not'])
    expect(queryTerms('重试 的')).toEqual(['重试'])
    expect(queryTerms('重')).toEqual(['重'])
  })

  it('are each named once, 32 at most', () => {
    expect(queryTerms('retry retries RETRYING')).toEqual(['retri'])
    expect(queryTerms(Array.from({ length: 50 }, (_, i) => `w${i}`).join(' '))).toHaveLength(32)
  })
})

describe('matches', () => {
  const found = (text: string, ...terms: string[]) =>
    [...matches(text, new Set(terms))].map(({ at, text: piece }) => `${at}:${piece}`)

  it('are found where they are, by word, by part of a word, by pair', () => {
    expect(found('Retries: maxRetryCount', 'retri')).toEqual(['0:Retries', '12:Retry'])
    expect(found('maxRetryCount', 'maxretrycount')).toEqual(['0:maxRetryCount'])
    expect(found('不重试策略', '重试', '策略')).toEqual(['1:重试', '3:策略'])
    expect(found('\u{20000}\u{20001} x', '\u{20000}\u{20001}', 'x')).toEqual(['0:\u{20000}\u{20001}', '5:x'])
    expect(found('nothing here', 'retri')).toEqual([])
  })
})

it('takes time in proportion to a text, whatever is in it', () => {
  const hostile = ['a', 'aB', 'é', '重', 'A', '1', '\u0301', 'aB ', '"\\']
  for (const unit of hostile) {
    const text = unit.repeat(65_536 / unit.length)
    const start = performance.now()
    textTerms(text)
    for (const _ of matches(text, new Set(['absent'])));
    // Quadratic work would take minutes.
    expect(performance.now() - start).toBeLessThan(10_000)
  }
})
