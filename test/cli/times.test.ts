import { describe, expect, it, vi } from 'vitest'
import { coerce, optionMs } from '../../src/cli/coerce.ts'
import type { Field } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/command-tree.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const now = new Date(2026, 11, 1, 12, 30, 15)
const at = (ms: number) => new Date(now.getTime() + ms)

const lengths: Record<string, number> = {
  '500ms': 0.5 * second,
  '30s': 30 * second,
  '+30s': 30 * second,
  '5m': 5 * minute,
  '1h': hour,
  '1.5h': 1.5 * hour,
  '1h30m': 1.5 * hour,
  '1d 12h': 36 * hour,
  '+1d': day,
  '2w': 14 * day,
}

const times: Record<string, Date> = {
  '-1h30m': at(-1.5 * hour),
  '+7d': at(7 * day),
  now,
  today: new Date(2026, 11, 1),
  tomorrow: new Date(2026, 11, 2),
  'tomorrow 9:00': new Date(2026, 11, 2, 9),
  'Yesterday 23:59:59': new Date(2026, 10, 30, 23, 59, 59),
  '9:05': new Date(2026, 11, 1, 9, 5),
  '2026-12-24': new Date(2026, 11, 24),
  '2026-12-24 9:00': new Date(2026, 11, 24, 9),
  '2026-12-24T18:00': new Date(2026, 11, 24, 18),
  '2026-12-24T18:00:00Z': new Date('2026-12-24T18:00:00Z'),
  '2026-12-24 18:00+02:00': new Date('2026-12-24T16:00:00Z'),
}

const wrong = [
  'soon',
  '+1',
  '1',
  '',
  'May 1',
  '2026-13-01',
  '25:00',
  'tomorrow 9:75',
  'tomorrow9',
  '1h30',
  '-1h-30m',
  '1x',
]

/** Every field of a type, of every command. */
const fieldsOf = (...types: Field['type'][]) =>
  commands.all.flatMap(({ path, positionals, options }) =>
    [...positionals, ...options]
      .filter(({ type }) => types.includes(type))
      .map(field => ({ path, field, what: `--${field.name}` })),
  )

describe.each(fieldsOf('time'))('hivewax $path $what', ({ field, what }) => {
  it('takes every form of a time', () => {
    vi.useFakeTimers({ now })
    for (const [text, time] of Object.entries(times))
      expect(coerce({ what, field }, [text]), text).toEqual(time)
    const forward = field.name === 'expiresAt' || field.name === 'runAt'
    expect(coerce({ what, field }, ['1h30m'])).toEqual(at(forward ? 1.5 * hour : -1.5 * hour))
    for (const text of wrong)
      expect(() => coerce({ what, field }, [text]), text).toThrow(`${what} must be a time`)
    vi.useRealTimers()
  })
})

describe.each(fieldsOf('seconds', 'milliseconds'))('hivewax $path $what', ({ field, what }) => {
  it('takes every form of a length of time', () => {
    const unit = field.type === 'seconds' ? second : 1
    for (const [text, ms] of Object.entries(lengths))
      expect(coerce({ what, field }, [text]), text).toBe(ms / unit)
    expect(coerce({ what, field }, ['20'])).toBe(20)
    for (const text of ['soon', '-1h', '1h30', ''])
      expect(() => coerce({ what, field }, [text]), text).toThrow(what)
  })
})

describe.each(fieldsOf('mixed').filter(({ field }) => field.name !== 'quorum'))(
  'hivewax $path $what',
  each => {
    it('takes a time as a moment, and hands on a length, whose direction is its own', () => {
      vi.useFakeTimers({ now })
      for (const [text, time] of Object.entries(times))
        expect(coerce(each, [text]), text).toBe(time.toISOString())
      for (const text of Object.keys(lengths).filter(text => !text.startsWith('+')))
        expect(coerce(each, [text])).toBe(text)
      vi.useRealTimers()
    })
  },
)

it('the lengths of the commands that only the command line has are the same', () => {
  for (const [text, ms] of Object.entries(lengths)) expect(optionMs('--lease', text)).toBe(Math.round(ms))
})
