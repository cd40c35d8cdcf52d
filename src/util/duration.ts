import { InvalidInput } from '../errors.ts'
import { describe } from './check.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A length of time: milliseconds, or text such as `500ms`, `30s`, `15m`, `1h30m`, `7d`, `2w`. */
export type Duration = number | string

/** 1,000 years: before or after the present, a longer one would lead out of the calendar. */
const longestMs = 365_250 * unitMs.d

/** The milliseconds of a duration. Zero and negative lengths, and those of more than 1,000 years, are InvalidInput. */
export function durationMs(what: string, duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parse(duration)
  if (ms > 0 && ms <= longestMs) return ms
  throw new InvalidInput(
    `${what} must be a length of time such as '30s', '1h30m' or '7d', got ${describe(duration)}`,
  )
}

/** Whether a text is a duration such as `1h`. */
export function isDuration(text: string): boolean {
  return Number.isFinite(parse(text))
}

const part = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g
const parts = new RegExp(`^(?:${part.source}\\s*)+$`)

function parse(text: unknown): number {
  const length = String(text)
  if (!parts.test(length)) return Number.NaN
  const ms = [...length.matchAll(part)].map(
    ([, amount, unit]) => Number(amount) * unitMs[unit as keyof typeof unitMs],
  )
  return ms.reduce((sum, each) => sum + each, 0)
}

/** 8,000 years: a longer `ttl` would lead out of the calendar, and means the same to everybody. */
const longestTtlMs = 8_000 * 365 * unitMs.d

/** The milliseconds of a `ttl`, which is a positive number of seconds, fractions allowed; else InvalidInput. */
export function ttlMs(ttl: unknown): number {
  if (typeof ttl === 'number' && Number.isFinite(ttl) && ttl > 0) {
    return Math.min(Math.max(1, Math.round(ttl * 1000)), longestTtlMs)
  }
  throw new InvalidInput(`ttl must be a positive number of seconds, got ${describe(ttl)}`)
}
