import os from 'node:os'
import { InvalidInput, isStoreGone } from '../../errors.ts'
import { isServer, locate } from '../../location/location.ts'
import type { Memory } from '../../memory.ts'
import type { WorkSummary } from '../../tasks/work-options.ts'
import type { Cli } from '../cli.ts'
import { optionMs } from '../coerce.ts'
import { whenReaderGoes } from '../print/standard-streams.ts'
import { ProcessGroups } from '../work/process-groups.ts'
import { Reporter } from '../work/reporter.ts'
import { TaskRunner } from '../work/task-runner.ts'

const defaultLaterMs = 10_000

interface WorkInput {
  command?: string[]
  exec?: string
  agentId?: string
  capabilities?: string[]
  queues?: string[]
  concurrency?: number
  lease?: string
  once?: boolean
  drain?: string
  later?: string
}

/**
 * Works until Ctrl-C or SIGTERM, and then lets what runs come to its end; at once, giving the tasks back, on the
 * second.
 */
export async function run(cli: Cli, input: WorkInput): Promise<number> {
  const words = wordsOf(input)
  const agentId =
    input.agentId ?? cli.flags.agent ?? (process.env.HIVEWAX_AGENT || `${os.hostname()}-${process.pid}`)
  const { stop, hurry, forget } = endings(cli)
  const groups = new ProcessGroups()
  const reporter = new Reporter(cli)
  const laterMs = optionMs('--later', input.later) ?? defaultLaterMs
  const options = {
    agentId,
    capabilities: input.capabilities,
    queues: input.queues,
    concurrency: input.concurrency,
    leaseMs: optionMs('--lease', input.lease),
    drainMs: input.drain === '0' ? 0 : optionMs('--drain', input.drain),
    untilEmpty: input.once,
    signal: stop,
  }
  const { url: given } = locate(cli.flags.url)
  const workOn = async (memory: Memory): Promise<WorkSummary> => {
    // What the memory says of a server lacks the password, which the commands of the tasks need too.
    const url = isServer(given) ? given : memory.url
    const runner = new TaskRunner({ words, url, agentId, laterMs, hurry, groups, reporter })
    const summary = await memory.tasks.work(runner.run, options)
    if (runner.failure !== undefined) throw runner.failure
    return summary
  }
  process.on('exit', groups.kill)
  try {
    reporter.summary(await whileGone(async () => workOn(await cli.memory()), stop))
    return 0
  } finally {
    process.off('exit', groups.kill)
    forget()
  }
}

/** Begins anew, on what has taken its place, whenever the store that it works on is gone: its tasks went with it. */
async function whileGone<T>(work: () => Promise<T>, stop: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isStoreGone(error) || stop.aborted) throw error
    }
  }
}

function wordsOf({ exec, command = [] }: WorkInput): readonly string[] {
  if (exec === undefined && command.length > 0) return command
  if (exec?.trim() && command.length === 0) return ['sh', '-c', exec]
  const both = exec !== undefined && command.length > 0
  throw new InvalidInput(both ? 'both --exec and a program are given' : 'there is no command to run', {
    hint: "Write hivewax work --exec 'LINE OF SHELL', or hivewax work -- PROGRAM ARGUMENTS.",
  })
}

/**
 * What ends the work: the first signal stops claiming, the second ends everything, and so does the loss of the
 * terminal, or of the reader of the output.
 */
function endings({ interrupted, print }: Cli) {
  const stop = new AbortController()
  const hurry = new AbortController()
  hurry.signal.addEventListener('abort', () => stop.abort())
  const end = () => {
    if (stop.signal.aborted) return hurry.abort()
    print.note('letting the running commands end; once more, and they are ended, and their tasks given back')
    stop.abort()
  }
  // The program reports the first Ctrl-C: in the shell it has its own way to receive it.
  const onInterrupted = () => {
    // Before it is reported: a reader of that line may be fast.
    process.on('SIGINT', end)
    end()
  }
  const interrupt = interrupted()
  const giveUp = () => hurry.abort()
  interrupt.addEventListener('abort', onInterrupted)
  process.on('SIGTERM', end)
  process.on('SIGHUP', giveUp)
  const unheard = whenReaderGoes(giveUp)
  const forget = () => {
    unheard()
    interrupt.removeEventListener('abort', onInterrupted)
    process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', giveUp)
  }
  return { stop: stop.signal, hurry, forget }
}
