import { Busy, Deadline, InvalidInput } from '../errors.ts'
import { FairSlots } from '../util/fair-slots.ts'
import { anyOf } from '../util/signals.ts'
import type { QueryOptions } from './db.ts'

/** What the rows of a statement may come to. */
export interface AnswerLimits {
  readonly rows: number
  /** In bytes, where they come over a connection. */
  readonly characters: number
}

/** Where the answer of a caller's own statement is bounded: a caller that wants more exports the table. */
export const answerLimits: AnswerLimits = { rows: 100_000, characters: 64 * 1024 * 1024 }

/** How long the statement of somebody who is not the owner may take, in milliseconds, unless a call says so. */
const guestMs = 30_000

/** How a statement runs apart. */
export interface ForeignOptions extends QueryOptions {
  /** Ends it when nobody waits for its answer any more. */
  readonly signal?: AbortSignal | undefined
}

/** Each statement takes a core, and memory of its own, here or on the server. */
const slots = {
  guests: new FairSlots({ all: 4, each: 2 }),
  owner: new FairSlots({ all: 4, each: 4 }),
}

/** How long a statement may take, in milliseconds; undefined for as long as it takes. */
export function timeLimit({ timeoutMs, caller }: QueryOptions): number | undefined {
  return timeoutMs ?? (caller === undefined ? undefined : guestMs)
}

/**
 * Runs a statement when it is its turn. Callers share a few slots fairly; the owner of the process has some of its own.
 * @param run is given the limit of the statement: when it aborts, the statement is to be ended
 * @throws Deadline when the time is over, Busy when others took all of it, and the reason of `signal`
 */
export async function inSlot<T>(
  options: ForeignOptions,
  run: (limit: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const { caller, signal } = options
  const timeoutMs = timeLimit(options)
  const time = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const limit = anyOf(time, signal)
  let isRunning = false
  let release = () => {}
  try {
    release = await slotsOf(caller).take(caller ?? '', limit)
    isRunning = true
    return await run(limit)
  } catch (error) {
    signal?.throwIfAborted()
    if (time?.aborted) throw isRunning ? timedOut(timeoutMs, error) : noneFree(caller, error)
    throw error
  } finally {
    release()
  }
}

function slotsOf(caller: string | undefined): FairSlots {
  return caller === undefined ? slots.owner : slots.guests
}

function noneFree(caller: string | undefined, cause: unknown): Busy {
  return new Busy(`${slotsOf(caller).taken} other statements were running all the time`, {
    hint: 'Try again when one has ended.',
    cause,
  })
}

function timedOut(timeoutMs: number | undefined, cause: unknown): Deadline {
  return new Deadline(`the statement ran for longer than ${timeoutMs} ms and was stopped`, {
    hint: 'Ask for less, or look with `explain` (SQLite: `explain query plan`) whether it uses an index.',
    cause,
  })
}

/** @param what the answer has too many of, such as `100000 rows` */
export function answerTooLarge(what: string): InvalidInput {
  return new InvalidInput(
    `the statement returns more than ${what}`,
    { hint: 'Ask for fewer: with limit, or with fewer columns.' },
    'too_large',
  )
}
