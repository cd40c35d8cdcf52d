import { InvalidInput } from '../errors.ts'
import { describe } from './check.ts'
import { type Duration, durationMs, isDuration } from './duration.ts'
import { checkTime } from './time.ts'

/** A point in time: a Date, ISO 8601 text, or how far it is from now, in milliseconds or as `1h`. */
export type TimeOrDuration = Date | Duration

/** The Date, or the milliseconds from now; which way they go is for the caller to say. Else InvalidInput. */
export function readTimeOrDuration(what: string, at: TimeOrDuration): Date | number {
  if (at instanceof Date) return checkTime(what, at)
  if (typeof at === 'number' || isDuration(at)) return durationMs(what, at)
  if (/^\d{4}-\d\d-\d\d/.test(at)) return checkTime(what, new Date(at))
  throw new InvalidInput(`${what} must be a time or a length of time, got ${describe(at)}`, {
    hint: "For example '2026-01-31T12:00:00Z' or '1h'.",
  })
}
