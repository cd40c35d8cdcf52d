import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bundle } from '../../scripts/build/bundle.ts'
import { installedFolder, newFolder, remove } from './folders.ts'

const root = path.join(import.meta.dirname, '../..')

/** The program as it is installed, made from the sources as they are: it starts faster than they do. */
export const hivewaxFile = await installed()

/** The first test file of a run that asks for it makes it, for all of them. */
async function installed(): Promise<string> {
  const folder = installedFolder()
  if (!fs.existsSync(folder)) await install(folder)
  return path.join(folder, 'bin/hivewax.js')
}

/** Whole or not at all: another file may make the same at this moment, and either will do. */
async function install(target: string): Promise<void> {
  const folder = newFolder(os.tmpdir(), 'hivewax-installing-')
  fs.cpSync(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true })
  fs.cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'))
  // The driver of PostgreSQL is installed beside it.
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  await bundle(path.join(folder, 'dist/bundle'))
  try {
    fs.renameSync(folder, target)
  } catch (error) {
    if (!fs.existsSync(target)) throw error
    remove(folder)
  }
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
