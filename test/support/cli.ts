import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { bundle } from '../../scripts/build/bundle.ts'
import { madeOnce } from './folders.ts'

const root = path.join(import.meta.dirname, '../..')

/** The program as it is installed, made from the sources as they are: it starts faster than they do. */
export const hivewaxFile = path.join(await madeOnce('installed', install), 'bin/hivewax.js')

async function install(folder: string): Promise<void> {
  fs.cpSync(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true })
  fs.cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'))
  // The driver of PostgreSQL is installed beside it.
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  await bundle(path.join(folder, 'dist/bundle'))
}

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
    timeout: 120_000,
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
