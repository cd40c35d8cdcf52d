import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../util/json.ts'
import { CommandOutput, OutputLines } from './command-output.ts'
import type { ProcessGroups } from './process-groups.ts'

export interface CommandOptions {
  /** Set for it besides what this process has. */
  env: Readonly<Record<string, string>>
  /** The text of its standard input. */
  input: string
  /** Ends it and all that it has started: SIGTERM, and SIGKILL 5 seconds later. */
  signal: AbortSignal
  groups: ProcessGroups
  /** Gets each line of its standard error. */
  onErrorLine: (line: string) => void
}

/** How a command ended. */
export interface CommandEnd {
  /** As shells have it: 128 and the signal's number when it died by one. */
  exitCode: number
  /** What it printed. */
  result: Json
  /** The last lines of its standard error. */
  lastWords: string
}

/** What a command has started may keep its output open after it: so long we wait for more. */
const lingerMs = 1_000

/**
 * Runs a command in a process group of its own, without a terminal.
 * @throws the error of the system when it cannot be run at all
 */
export async function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const [program = '', ...args] = words
  const child = spawn(program, args, { env: { ...process.env, ...options.env }, detached: true })
  const output = new CommandOutput()
  const lines = new OutputLines(options.onErrorLine)
  child.stdout.on('data', chunk => output.add(chunk))
  child.stderr.on('data', chunk => lines.add(chunk))
  // A command need not read its task.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  await guarded(child, options)
  const { exitCode, signalCode } = child
  return {
    exitCode: exitCode ?? 128 + (signalCode ? os.constants.signals[signalCode] : 0),
    result: output.result(),
    lastWords: lines.end(),
  }
}

/** Resolves when a command has ended, by itself or because it had to. */
async function guarded(
  child: ChildProcessWithoutNullStreams,
  { signal, groups }: Pick<CommandOptions, 'signal' | 'groups'>,
): Promise<void> {
  const { pid } = child
  const closed = once(child, 'close')
  // A program that was not found has no id; the child process reports why by an error, which `closed` has.
  if (pid === undefined) return void (await closed)
  groups.add(pid)
  let ending: Promise<void> | undefined
  const end = () => {
    ending ??= groups.end(pid)
  }
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    await exited(child, closed)
    await ending
  } finally {
    signal.removeEventListener('abort', end)
    groups.delete(pid)
  }
}

async function exited(child: ChildProcessWithoutNullStreams, closed: Promise<unknown>): Promise<void> {
  const linger = new AbortController()
  const exit = once(child, 'exit').then(() => sleep(lingerMs, undefined, { signal: linger.signal }))
  await Promise.race([closed, exit])
  linger.abort()
  exit.catch(() => {})
  child.stdout.destroy()
  child.stderr.destroy()
}
