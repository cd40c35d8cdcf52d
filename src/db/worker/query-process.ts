import { Busy, Deadline } from '../../errors.ts'
import type { Row } from '../db.ts'
import type { jobs } from './jobs/jobs.ts'
import type { Workplace } from './offload.ts'
import { runInProcess } from './process.ts'

/** How many query processes may run at a time; each takes a core, and memory of its own. */
const maxProcesses = 4

let running = 0

/** Calls that wait for a process to end. */
const waiting = new Set<() => void>()

/**
 * Runs a statement of a caller's own in a process of its own, which is killed when the time is over: a statement of
 * SQLite that runs in a thread cannot be stopped.
 * @throws Deadline, and Busy when others took all the time
 */
export async function queryInProcess(
  place: Workplace,
  input: Parameters<(typeof jobs)['query']>[0],
  timeoutMs: number,
): Promise<Row[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  await acquireSlot(signal)
  try {
    return await runInProcess(
      { name: 'query', input, ...place, timeoutMs },
      { signal, hint: 'Perhaps it needed too much memory: ask for fewer rows.' },
    )
  } catch (error) {
    if (signal.aborted) throw timedOut(timeoutMs, error)
    throw error
  } finally {
    releaseSlot()
  }
}

/** Resolves when one more process may run. */
async function acquireSlot(signal: AbortSignal): Promise<void> {
  while (running >= maxProcesses) {
    if (signal.aborted) {
      throw new Busy(`${running} statements of others were running all the time`, {
        hint: 'Try again when one has ended.',
      })
    }
    await new Promise<void>(resolve => {
      waiting.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  running++
}

/** Lets the calls that wait look again. */
function releaseSlot(): void {
  running--
  for (const wake of waiting) wake()
  waiting.clear()
}

function timedOut(timeoutMs: number, cause: unknown): Deadline {
  return new Deadline(`the statement ran for longer than ${timeoutMs} ms and was stopped`, {
    hint: 'Ask for less, or look with `explain query plan` whether it uses an index.',
    cause,
  })
}
