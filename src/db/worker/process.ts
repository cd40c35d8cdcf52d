import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { errorFromJson, Storage } from '../../errors.ts'
import type { jobs } from './jobs/jobs.ts'
import { type Job, type Message, type Order, type Workplace, workerUrl } from './offload.ts'

type Jobs = typeof jobs

/** What a process of its own may take of memory. */
const maxHeapMiB = 512

interface ProcessOptions {
  /** Ends the process, whatever it does. */
  signal?: AbortSignal | undefined
  /** What to do when the process dies. */
  hint?: string | undefined
}

/**
 * Runs a job in a process of its own. It can be killed, unlike a statement of SQLite that runs in a thread. And it may
 * open the files of a store by itself: here that would drop the locks which SQLite holds for this process.
 */
export async function runInProcess<Name extends keyof Jobs>(
  order: Job<Name> & Workplace & Pick<Order, 'timeoutMs'>,
  { signal, hint }: ProcessOptions = {},
): Promise<Awaited<ReturnType<Jobs[Name]>>> {
  signal?.throwIfAborted()
  const child = fork(workerUrl(), {
    serialization: 'advanced',
    // Options of this process's own start (`--input-type` …) may not suit another file.
    execArgv: [`--max-old-space-size=${maxHeapMiB}`],
    // Nothing of it is for people: what it has to say it sends.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  try {
    // Listens before it asks: the answer may be there at once.
    const answer = answerOf(child, { signal, hint })
    child.send(order)
    // The process ran the job of this name.
    return (await answer) as Awaited<ReturnType<Jobs[Name]>>
  } finally {
    child.kill('SIGKILL')
  }
}

async function answerOf(child: ChildProcess, { signal, hint }: ProcessOptions): Promise<unknown> {
  const options = signal && { signal }
  // Not its exit, which may be heard of before the last message is.
  const ended = once(child, 'disconnect', options).then(() => undefined)
  const answered = once(child, 'message', options).then(([message]): Message => message)
  const message = await Promise.race([answered, ended])
  if (message === undefined) throw new Storage('a process of hivewax ended without a result', { hint })
  if ('error' in message) throw errorFromJson(message.error)
  if ('result' in message) return message.result
  throw new Storage('a process of hivewax sent no result')
}
