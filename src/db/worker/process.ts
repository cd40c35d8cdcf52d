import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { errorFromJson, Storage } from '../../errors.ts'
import type { jobs } from './jobs/jobs.ts'
import { type Job, type Message, type Order, type Workplace, workerUrl } from './offload.ts'

type Jobs = typeof jobs

/** What a process of its own may take of memory. */
const maxHeapMiB = 512

/**
 * How large a file may become that a confined process writes. It writes none but what SQLite sorts in when there is no
 * room for that in memory, of which a short statement can ask for all that a disk has.
 */
const maxScratchMiB = 256

interface ProcessOptions {
  /** Ends the process, whatever it does. */
  signal?: AbortSignal | undefined
  /** It runs what somebody else has written, who is not to fill the disk. No difference on Windows, which has no limits. */
  isConfined?: boolean
  /** What to do when the process dies. */
  hint?: string | undefined
}

/**
 * Runs a job in a process of its own. It can be killed, unlike a statement of SQLite that runs in a thread. And it may
 * open the files of a store by itself: here that would drop the locks which SQLite holds for this process.
 */
export async function runInProcess<Name extends keyof Jobs>(
  order: Job<Name> & Workplace & Pick<Order, 'timeoutMs'>,
  { signal, hint, isConfined = false }: ProcessOptions = {},
): Promise<Awaited<ReturnType<Jobs[Name]>>> {
  signal?.throwIfAborted()
  const child = fork(workerUrl(), {
    serialization: 'advanced',
    ...program(isConfined),
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

/** What is run. A limit can be set by a shell only, which becomes the process itself. */
function program(isConfined: boolean): { execPath: string; execArgv: string[] } {
  // Options of this process's own start (`--input-type` …) may not suit another file.
  const execArgv = [`--max-old-space-size=${maxHeapMiB}`]
  const { execPath, platform } = process
  if (!isConfined || platform === 'win32') return { execPath, execArgv }
  // In blocks of 512 bytes. Where a lower limit is set already, that stays.
  const limited = `ulimit -f ${maxScratchMiB * 2048} 2> /dev/null; exec "$0" "$@"`
  return { execPath: '/bin/sh', execArgv: ['-c', limited, execPath, ...execArgv] }
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
