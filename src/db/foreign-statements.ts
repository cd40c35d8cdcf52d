import { Busy, Deadline, InvalidInput } from '../errors.ts'
import { FairSlots } from '../util/fair-slots.ts'
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
 * @param run is given the time limit of the statement: when it aborts, the statement is to be ended
 * @throws Deadline when the time is over, and Busy when others took all of it
 */
export async function inSlot<T>(
  options: QueryOptions,
  run: (limit: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const timeoutMs = timeLimit(options)
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const release = await takeSlot(options.caller, limit)
  try {
    return await run(limit)
  } catch (error) {
    if (limit?.aborted) throw timedOut(timeoutMs, error)
    throw error
  } finally {
    release()
  }
}

async function takeSlot(caller: string | undefined, limit: AbortSignal | undefined): Promise<() => void> {
  const of = caller === undefined ? slots.owner : slots.guests
  try {
    return await of.take(caller ?? '', limit)
  } catch (cause) {
    throw new Busy(`${of.taken} other statements were running all the time`, {
      hint: 'Try again when one has ended.',
      cause,
    })
  }
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
