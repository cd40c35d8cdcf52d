import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Busy, Deadline, errorFromJson, Storage } from '../../errors.ts'
import type { Row } from '../db.ts'
import type { jobs } from './jobs/jobs.ts'
import { type Message, type Workplace, workerUrl } from './offload.ts'

/** How many such processes may run at a time; each takes a core and up to `maxHeapMiB` of memory. */
const maxProcesses = 4
const maxHeapMiB = 512

let running = 0

/** Those that wait for one to end. */
const waiting = new Set<() => void>()

/**
 * Runs a statement of somebody else in a process of its own, which is killed when the time is over: a statement of
 * SQLite that runs in a thread cannot be stopped.
 * @throws Deadline, and Busy when others took all the time
 */
export async function runApart(
  { file, waitMs }: Workplace,
  name: 'query',
  input: Parameters<(typeof jobs)['query']>[0],
  timeoutMs: number,
): Promise<Row[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  await turn(signal)
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
    if (signal.aborted) throw tooLate(timeoutMs, error)
    throw error
  } finally {
    child.kill('SIGKILL')
    pass()
  }
}

/** Resolves when one more may run. */
async function turn(signal: AbortSignal): Promise<void> {
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

/** Lets the others look again. */
function pass(): void {
  running--
  for (const wake of waiting) wake()
  waiting.clear()
}

async function answerOf(child: ChildProcess, signal: AbortSignal): Promise<Row[]> {
  // Not its exit, which may be heard of before the last message is.
  const ended = once(child, 'disconnect', { signal }).then(() => undefined)
  const told = once(child, 'message', { signal }).then(([message]): Message => message)
  const message = await Promise.race([told, ended])
  if (message === undefined) {
    throw new Storage('the process that ran the statement ended without a result', {
      hint: 'Perhaps it needed too much memory: ask for fewer rows.',
    })
  }
  if ('error' in message) throw errorFromJson(message.error)
  if ('result' in message) return message.result as Row[]
  throw new Storage('the process that ran the statement sent no result')
}

function tooLate(timeoutMs: number, cause: unknown): Deadline {
  return new Deadline(`the statement ran for longer than ${timeoutMs} ms and was stopped`, {
    hint: 'Ask for less, or look with `explain query plan` whether it uses an index.',
    cause,
  })
}
