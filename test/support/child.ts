import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { Busy } from '../../src/errors.ts'
import { childFile } from './bundled-children.ts'

/** A real process that runs one of `test/children`, and the lines it has printed so far. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: string[]
  /** Resolves when it has printed a line that `wanted` accepts. */
  until(wanted: (line: string) => boolean): Promise<string>
  /** Resolves with its exit code (null when killed by a signal) after all its output was read. */
  readonly exited: Promise<number | null>
}

/** Starts `test/children/<name>.ts` with arguments. It is killed, by its pid, if it outlives the test. */
export function startChild(name: string, ...args: (string | number)[]): Child {
  return startChildBy([], name, ...args)
}

/** Starts a child by a command that runs what follows it. */
export function startChildBy(prefix: string[], name: string, ...args: (string | number)[]): Child {
  const [command = '', ...rest] = [...prefix, process.execPath, childFile(name), ...args.map(String)]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    // What it writes to its last moment would come back into a folder that is being removed.
    await gone
  })
  const lines: string[] = []
  const reader = readline.createInterface({ input: child.stdout })
  reader.on('line', line => lines.push(line))
  const closed = once(reader, 'close')
  const exited = gone.then(async ([code]) => {
    await closed
    return code as number | null
  })
  const until = async (wanted: (line: string) => boolean) => {
    for (;;) {
      const line = lines.find(wanted)
      if (line !== undefined) return line
      const event = await Promise.race([once(reader, 'line'), closed.then(() => 'closed')])
      if (event === 'closed' && !lines.some(wanted))
        throw new Error(`${name} ended without the awaited line: ${lines.join(' | ')}`)
    }
  }
  return { process: child, lines, until, exited }
}

/**
 * Stops a process for good, but not in the middle of a write, which would hold up everybody: `work` writes, through a
 * handle that does not wait for long.
 */
export async function whileStopped<T>(child: Child, work: () => Promise<T>): Promise<T> {
  for (;;) {
    child.process.kill('SIGSTOP')
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Busy)) throw error
      child.process.kill('SIGCONT')
      await sleep(20)
    }
  }
}
