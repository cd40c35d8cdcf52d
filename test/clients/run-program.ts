import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { Place } from './real-clients.ts'

/** Runs a command, and gives all that it wrote. */
export type Run = (command: readonly string[], limitMs: number) => Promise<string>

/** Runs commands in a project; one that takes too long is ended, with all that it has started. */
export function runnerIn({ project }: Place, env: Record<string, string>): Run {
  return async ([program = '', ...args], limitMs) => {
    const child = spawn(program, args, {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), limitMs)
    const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    clearTimeout(timer)
    return out + err
  }
}

/** Nothing of the surroundings of whoever runs this: no keys, no settings, and no way but loopback. */
export function surroundings({ home }: Place, bin: string): Record<string, string> {
  const nowhere = 'http://127.0.0.1:9'
  return {
    PATH: [path.dirname(process.execPath), bin, '/usr/local/bin', '/usr/bin', '/bin'].join(path.delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
  }
}
