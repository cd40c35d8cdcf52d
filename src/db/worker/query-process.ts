import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Busy, Deadline, errorFromJson, Storage } from '../../errors.ts'
import type { Row } from '../db.ts'
import type { jobs } from './jobs/jobs.ts'
import { type Message, type Workplace, workerUrl } from './offload.ts'

/** How many query processes may run at a time; each takes a core and up to `maxHeapMiB` of memory. */
const maxProcesses = 4
const maxHeapMiB = 512

let running = 0

/** Calls that wait for a process to end. */
const waiting = new Set<() => void>()

/**
 * Runs a statement of a caller's own in a process of its own, which is killed when the time is over: a statement of
 * SQLite that runs in a thread cannot be stopped.
 * @throws Deadline, and Busy when others took all the time
 */
export async function queryInProcess(
  { file, waitMs }: Workplace,
  name: 'query',
  input: Parameters<(typeof jobs)['query']>[0],
  timeoutMs: number,
): Promise<Row[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  await acquireSlot(signal)
  const child = fork(workerUrl(), {
    serialization: 'advanced',
    // Options of this process's own start (`--input-type` …) may not suit another file.
    execArgv: [`--max-old-space-size=${maxHeapMiB}`],
    // Nothing of it is for people: what it has to say it sends.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  try {
    // Listens before it asks: the answer may be there at once.
    const answer = answerOf(child, signal)
    child.send({ name, input, file, waitMs, timeoutMs })
    return await answer
  } catch (error) {
    if (signal.aborted) throw timedOut(timeoutMs, error)
    throw error
  } finally {
    child.kill('SIGKILL')
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

async function answerOf(child: ChildProcess, signal: AbortSignal): Promise<Row[]> {
  // Not its exit, which may be heard of before the last message is.
  const ended = once(child, 'disconnect', { signal }).then(() => undefined)
  const answered = once(child, 'message', { signal }).then(([message]): Message => message)
  const message = await Promise.race([answered, ended])
  if (message === undefined) {
    throw new Storage('the process that ran the statement ended without a result', {
      hint: 'Perhaps it needed too much memory: ask for fewer rows.',
    })
  }
  if ('error' in message) throw errorFromJson(message.error)
  if ('result' in message) return message.result as Row[]
  throw new Storage('the process that ran the statement sent no result')
}

function timedOut(timeoutMs: number, cause: unknown): Deadline {
  return new Deadline(`the statement ran for longer than ${timeoutMs} ms and was stopped`, {
    hint: 'Ask for less, or look with `explain query plan` whether it uses an index.',
    cause,
  })
}
