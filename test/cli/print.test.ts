import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csv } from '../../src/cli/print/csv.ts'
import { displayWidth, truncate } from '../../src/cli/print/display-text.ts'
import { recordLines } from '../../src/cli/print/record.ts'
import { fitWidths, layOut, toTable } from '../../src/cli/print/table.ts'
import { spell, toJson } from '../../src/cli/print/value.ts'
import { visible } from '../../src/util/visible.ts'

describe('text on a terminal', () => {
  it('is measured in columns: two for wide letters, none for accents', () => {
    expect(displayWidth('hello')).toBe(5)
    expect(displayWidth('世界')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('🐝')).toBe(2)
  })

  it('is cut to a width, never beyond it, and only when it must be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = truncate(text, width)
        expect(displayWidth(cut)).toBeLessThanOrEqual(Math.max(width, 1))
        if (displayWidth(text) <= width) expect(cut).toBe(text)
        else expect(cut.endsWith('…')).toBe(true)
      }),
    )
  })

  it('cannot do anything to the terminal', () => {
    expect(visible('a\u001b]0;title\u0007\u009b31m\r\nb\tc')).toBe(
      'a\\u001b]0;title\\u0007\\u009b31m\\u000d\nb\tc',
    )
  })
})

describe('a table', () => {
  it('never is wider than the terminal, and uses all of it when it is cut', () => {
    const columns = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(columns, fc.integer({ min: 20, max: 250 }), (natural, width) => {
        const widths = fitWidths(natural, width)
        const total = widths.reduce((sum, column) => sum + column, 0) + 2 * (widths.length - 1)
        expect(total).toBeLessThanOrEqual(width)
        expect(widths.every((column, i) => column <= (natural[i] ?? 0))).toBe(true)
        expect(widths[0]).toBe(Math.min(natural[0] ?? 0, 40, width))
        // One cut wider would not fit.
        if (widths.slice(1).some((column, i) => column < (natural[i + 1] ?? 0))) {
          expect(total).toBeGreaterThan(width - widths.length)
        }
      }),
    )
  })

  it('loses nothing where there is no terminal', () => {
    const records = [{ key: 'a', value: 'x'.repeat(500), at: new Date(2026, 0, 2, 3, 4, 5) }]
    const { lines, hidden } = layOut(toTable(records, { spelling: 'people' }), undefined)
    expect(lines[1]).toBe(`a    ${'x'.repeat(500)}  2026-01-02 03:04:05`)
    expect(hidden).toBe(0)
  })

  it('gives the column that takes the rest what the others leave, and keeps room for it', () => {
    expect(fitWidths([10, 8, 300, 12], 80, 2)).toEqual([10, 8, 44, 12])
    expect(fitWidths([10, 60, 300, 60], 80, 2)).toEqual([10, 20, 24, 20])
    expect(fitWidths([36, 12, 300, 12], 80, 2)).toEqual([36, 12, 28])
  })

  it('shortens ids of ours as long as they differ, and says times from now, where there is little room', () => {
    const ids = ['0193a1b2-7c4d-7abc-8def-0123456789ab', '0193a1b2-7c4d-7abd-8def-0123456789ab']
    const at = new Date(Date.now() - 3 * 60_000 - 500)
    const { rows } = toTable(
      [
        { id: ids[0], at },
        { id: ids[1], at: new Date(Date.now() + 7_300_000) },
      ],
      {
        spelling: 'short',
      },
    )
    expect(rows).toEqual([
      ['0193a1b2-7c4d-7abc', '3 min ago'],
      ['0193a1b2-7c4d-7abd', 'in 2 h'],
    ])
    expect(toTable([{ id: ids[0] }], { spelling: 'people' }).rows).toEqual([[ids[0]]])
  })

  it('says how many columns it left out', () => {
    const record = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`column${i}`, 'x'.repeat(40)]))
    expect(layOut(toTable([record], { spelling: 'people' }), { width: 80 }).hidden).toBe(7)
  })

  it('shows people the columns that hold something, and programs all of them', () => {
    const records = [
      { a: 1, b: undefined, c: [] },
      { a: 2, b: undefined, c: [] },
    ]
    expect(toTable(records, { spelling: 'people' })).toEqual({
      headings: ['a'],
      rows: [['1'], ['2']],
      numeric: [true],
      cutsIds: false,
    })
    expect(toTable(records, { spelling: 'programs' }).rows).toEqual([
      ['1', '', '[]'],
      ['2', '', '[]'],
    ])
  })

  it('keeps each record on its line', () => {
    const record = { text: 'a\nb\tc\\n' }
    expect(toTable([record], { spelling: 'people' }).rows).toEqual([['a⏎b c\\n']])
    expect(toTable([record], { spelling: 'programs' }).rows).toEqual([['a\\nb\\tc\\\\n']])
  })
})

describe('CSV', () => {
  it('is what RFC 4180 says: quoted where it must be, and each line ended by CR LF', () => {
    expect(
      csv([
        ['a', 'b'],
        ['x"y', 'one,two\nthree'],
        ['', 'ö'],
      ]),
    ).toBe('a,b\r\n"x""y","one,two\nthree"\r\n,ö\r\n')
  })
})

describe('a record', () => {
  it('is aligned, its absent fields left out, its records within as a table', () => {
    const record = {
      id: 'x',
      absent: undefined,
      text: 'a\nb',
      parts: [
        { n: 1, s: 'one' },
        { n: 22, s: 'two' },
      ],
    }
    const style = { width: 80, name: String, value: String }
    expect(recordLines(record, style)).toEqual([
      'id:    x',
      'text:  a\n       b',
      'parts:  n  s\n        1  one\n       22  two',
    ])
  })
})

describe('a value', () => {
  it('is spelled whole for programs and rounded for people', () => {
    expect(spell(238.92170099999998, 'people')).toBe('238.922')
    expect(spell(0.000123456789, 'people')).toBe('0.000123457')
    expect(spell(238.92170099999998, 'programs')).toBe('238.92170099999998')
    expect(spell(new Date(0), 'programs')).toBe('1970-01-01T00:00:00.000Z')
  })

  it('is JSON whatever holds it', () => {
    expect(toJson({ map: new Map([['a', 1]]), bytes: new Uint8Array([1, 2]), big: 5n })).toBe(
      '{"map":{"a":1},"bytes":"AQI=","big":"5"}',
    )
  })
})
