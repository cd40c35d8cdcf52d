import type { Clock } from '../util/clock.ts'
import { toDate } from '../util/time.ts'

/** From least to most urgent. */
export const priorities = ['low', 'medium', 'high', 'critical'] as const

export type Priority = (typeof priorities)[number]

/**
 * How much longer a task must have waited to come level with one of the next priority: an hour. Within hours the
 * priorities are strict, and yet no task starves: a critical one passes a low one that is at most three hours older.
 */
const ageingMs = 3_600_000

/** What a task without a known priority, written by SQL from outside, counts as. */
export function knownPriority(word: string | null): Priority {
  return priorities.find(priority => priority === word) ?? 'medium'
}

/** The last moment, in microseconds, that a number distinguishes from the next: in the year 2255. */
const maxMicros = Number.MAX_SAFE_INTEGER

/**
 * A task's place in the order of claims, lowest first, stored and indexed. In microseconds, so that there is room
 * to distinguish what became ready in the same millisecond.
 */
export function rankOf(readyAtMicros: number, priority: Priority): number {
  const rank = readyAtMicros - priorities.indexOf(priority) * ageingMs * 1000
  return Math.min(Math.max(rank, -maxMicros), maxMicros)
}

/** The microseconds of a stored time; of now, where SQL from outside has left none, or something else. */
export function microsOf(time: string | Date | null, clock: Clock): number {
  const ms = time === null ? Number.NaN : toDate(time).getTime()
  return Number.isNaN(ms) ? nextMicros(clock) : ms * 1000
}

const lastMicros = new WeakMap<Clock, number>()

/**
 * The time in microseconds, each later than the one before: tasks that one process creates are claimed in the
 * order of their creation. A wall clock that was set back is followed, not waited for.
 */
export function nextMicros(clock: Clock): number {
  const now = clock.now() * 1000
  const last = lastMicros.get(clock) ?? 0
  const next = last >= now && last - now < 1_000_000 ? last + 1 : now
  lastMicros.set(clock, next)
  return next
}
