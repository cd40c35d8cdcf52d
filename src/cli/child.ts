import { spawn } from 'node:child_process'
import os from 'node:os'
import { InvalidInput } from '../errors.ts'

/** How long a command that is to end may take before it is killed. */
const killAfterMs = 5000

export interface ChildOptions {
  /** Set for it besides what this process has. */
  env: Readonly<Record<string, string>>
  /** Ends it: SIGTERM, and SIGKILL 5 seconds later. */
  signal: AbortSignal
}

/**
 * Runs a command at this terminal, passes SIGINT, SIGTERM and SIGHUP on to it, and returns its exit code as shells have
 * it: 128 and the signal's number when it died by one.
 * @param words the program and its arguments, which no shell reads
 */
export async function runChild(words: readonly string[], options: ChildOptions): Promise<number> {
  const [program = '', ...args] = words
  // A terminal sends Ctrl-C to the command by itself, and a second one means more to some.
  const onInterrupt = () => void (process.stdin.isTTY || child.kill('SIGINT'))
  const onTerminate = () => void child.kill('SIGTERM')
  const onHangUp = () => void child.kill('SIGHUP')
  let killing: NodeJS.Timeout | undefined
  const end = () => {
    child.kill('SIGTERM')
    killing = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  }
  // Before the command runs: a signal in between would end this process only, and leave the command behind.
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onHangUp)
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...options.env } })
  options.signal.addEventListener('abort', end)
  if (options.signal.aborted) end()
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', error => reject(cannotRun(program, error)))
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0)))
    })
  } finally {
    clearTimeout(killing)
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('SIGHUP', onHangUp)
    options.signal.removeEventListener('abort', end)
  }
}

/** The error for a program that is not there, or is none. */
export function cannotRun(program: string, cause: Error): InvalidInput {
  return new InvalidInput(`cannot run ${JSON.stringify(program)}: ${cause.message}`, {
    hint: 'Name a program and its arguments, each a word of its own; for a line of shell: sh -c "…".',
    cause,
  })
}
