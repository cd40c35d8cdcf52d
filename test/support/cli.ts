import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import path from 'node:path'

/** The program as people run it. */
export const hivewaxFile = path.join(import.meta.dirname, '../../bin/hivewax.js')

export interface Ran {
  /** The exit code; null when a signal ended it. */
  status: number | null
  stdout: string
  stderr: string
}

/** The surroundings of a command: nothing of ours but PATH, and a home of its own. */
export function cliEnv(folder: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: folder, TZ: 'UTC', TERM: 'xterm-256color', ...env }
}

/** Runs `hivewax` in a folder, as its own process, with nobody at the terminal. */
export function hivewax(folder: string, args: readonly string[], options: SpawnSyncOptions = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [hivewaxFile, ...args], {
    input: '',
    timeout: 30_000,
    ...options,
    cwd: folder,
    env: cliEnv(folder, options.env),
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** The one document that `--json` printed. */
export function document(ran: Ran): unknown {
  return JSON.parse(ran.stdout)
}
