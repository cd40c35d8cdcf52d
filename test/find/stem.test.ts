import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stem } from '../../src/find/stem.ts'

/** The stems of SQLite's own Porter stemmer, an independent one. */
function portersStems(words: readonly string[]): Map<string, string> {
  const db = new DatabaseSync(':memory:')
  db.exec(`create virtual table texts using fts5 (word, tokenize = 'porter ascii');
           create virtual table stems using fts5vocab (texts, instance)`)
  const insert = db.prepare('insert into texts (rowid, word) values (?, ?)')
  for (const [i, word] of words.entries()) insert.run(i + 1, word)
  const rows = db.prepare('select term, doc from stems').all()
  db.close()
  return new Map(rows.map(({ term, doc }) => [words[Number(doc) - 1] ?? '', String(term)]))
}

describe('the stem of a word', () => {
  it.each([
    ['retry retries retried retrying', 'retri'],
    ['prefer preferences preference preferred', 'prefer'],
    ['deploy deploys deployed deploying deployment deployments', 'deploy'],
    ['try tries tried', 'tri'],
    ['day days', 'day'],
    ['happy happiness', 'happi'],
    ['hop hops hopping hopped', 'hop'],
    ['hope hoping hoped', 'hope'],
    ['agree agreed agrees', 'agre'],
    ['relational relate', 'relat'],
  ])('is the same for %s', (words, stems) => {
    expect([...new Set(words.split(' ').map(stem))]).toEqual([stems])
  })

  it('is the word itself where it is no English word', () => {
    for (const word of ['', 'a', 'is', 'sha256', 'überall', 'über', '重试', `${'x'.repeat(64)}s`]) {
      expect(stem(word)).toBe(word)
    }
  })

  it("is what SQLite's own stemmer makes of it, for any root and endings but y", () => {
    const root = fc.stringMatching(/^[a-z]{2,7}$/)
    const endings =
      `s es ies sses ed eed ing y ational tional enci anci izer bli alli entli eli ousli ization ation
      ator alism iveness fulness ousness aliti iviti biliti logi icate ative alize iciti ical ful ness al ance
      ence er ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e l ll le`.split(/\s+/)
    const word = fc.tuple(root, fc.array(fc.constantFrom('', ...endings), { maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(word, { minLength: 500, maxLength: 500 }), parts => {
        const words = [...new Set(parts.map(([start, ends]) => start + ends.join('')))].filter(
          // SQLite takes the whole word `sses` for no ending.
          each => each !== 'sses' && each.length > 3 && each.length <= 64 && !/y(s|es|ed|ing)*$/.test(each),
        )
        const stems = portersStems(words)
        expect(words.map(each => [each, stem(each)])).toEqual(words.map(each => [each, stems.get(each)]))
      }),
      { numRuns: 12 },
    )
  })
})
