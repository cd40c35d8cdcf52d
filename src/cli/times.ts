import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { durationMs, isDuration } from '../util/duration.ts'

/** ISO 8601, the time of day and its zone optional: without a zone it is a time where the user is. */
const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d?:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/i

/** A day by its name, or today, and the time of day. */
const namedTime = /^(?:(yesterday|today|tomorrow)(?:[T ]+|$))?(?:(\d\d?):(\d\d)(?::(\d\d))?)?$/i

const dayOf = { yesterday: -1, today: 0, tomorrow: 1 } as const

/** The times whose lengths without a sign lead ahead; those of all others lead back. */
const ahead: ReadonlySet<string> = new Set(['expiresAt', 'runAt'])

/**
 * A point in time: ISO 8601, `now`, `9:00`, `tomorrow`, `yesterday 9:00`, or a length of time from now, `+7d` and `-1h30m`;
 * without a sign it leads to where the times of that field lie.
 * @param what names the argument in the error
 */
export function timeOf(what: string, name: string, text: string): Date {
  const found =
    knownTime(text) ?? fromNow(what, isDuration(text) ? (ahead.has(name) ? '+' : '-') + text : text)
  if (found !== undefined) return found
  throw new InvalidInput(`${what} must be a time, got ${describe(text)}`, {
    hint: 'For example 2026-01-31T12:00:00Z, "2026-01-31 12:00", "tomorrow 9:00", or from now: -1h30m, +7d.',
  })
}

/** Of a text that may be a time or a length of time: the time, as ISO 8601; undefined for all else. */
export function timeIn(what: string, text: string): string | undefined {
  return (knownTime(text) ?? fromNow(what, text))?.toISOString()
}

/** The milliseconds of a length of time that may bear a plus sign: `30s`, `+1h30m`. */
export function lengthMs(what: string, text: string): number {
  return durationMs(what, text.replace(/^\+/, ''))
}

/** Whether a text is a length of time, as {@link lengthMs} takes it. */
export function isLength(text: string): boolean {
  return isDuration(text.replace(/^\+/, ''))
}

function knownTime(text: string): Date | undefined {
  if (/^now$/i.test(text)) return new Date()
  return isoTime.test(text) ? isoDate(text) : namedDate(text)
}

function isoDate(text: string): Date | undefined {
  const [, day, hour = '00:00', zone = ''] = isoTime.exec(text) ?? []
  const date = new Date(`${day}T${hour.replace(/^(?=\d:)/, '0')}${zone}`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function namedDate(text: string): Date | undefined {
  const [whole, day = 'today', hours = '0', minutes = '0', seconds = '0'] = namedTime.exec(text.trim()) ?? []
  if (!whole || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return
  const date = new Date()
  date.setDate(date.getDate() + dayOf[day.toLowerCase() as keyof typeof dayOf])
  date.setHours(Number(hours), Number(minutes), Number(seconds), 0)
  return date
}

function fromNow(what: string, text: string): Date | undefined {
  const [, sign, length] = /^([+-])(.+)$/.exec(text) ?? []
  if (length === undefined || !isDuration(length)) return
  return new Date(Date.now() + Number(`${sign}1`) * durationMs(what, length))
}
