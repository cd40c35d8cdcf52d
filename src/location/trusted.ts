import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InvalidInput, Unauthorized } from '../errors.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import { shellWord } from '../util/shell-word.ts'
import { type Doubt, realTarget } from './doubts.ts'

/** One thing about one project that the user has accepted. */
export interface Trusted {
  /** The root of the project, links followed. */
  readonly project: string
  readonly what: string
}

/** Where the user's trust is kept: outside of all projects. */
export function trustFile(env = process.env): string {
  const base = env.XDG_CONFIG_HOME || path.join(os.homedir(), '.config')
  return path.join(base, 'hivewax', 'trusted.json')
}

/** All that the user has accepted, oldest first. */
export function readTrusted(file = trustFile()): Trusted[] {
  const text = readOwn(file)
  if (text === undefined) return []
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every(isTrusted)) return list
  } catch {
    // Said below, as of anything else that is no list.
  }
  throw new InvalidInput(`${file} is not the list that hivewax trust writes`, {
    hint: 'Remove it, and trust anew what is yours.',
  })
}

function readOwn(file: string): string | undefined {
  try {
    const { mode } = fs.statSync(file)
    if (process.platform === 'win32' || (mode & 0o022) === 0) return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, file)
  }
  throw new InvalidInput(`${file} can be changed by others, so that it proves nothing`, {
    hint: `Look what is in it, then: chmod 600 ${shellWord(file)}`,
  })
}

function isTrusted(entry: unknown): entry is Trusted {
  if (typeof entry !== 'object' || entry === null) return false
  return (
    'project' in entry &&
    typeof entry.project === 'string' &&
    'what' in entry &&
    typeof entry.what === 'string'
  )
}

/** What a doubt is about, as the list has it. */
export function trustedBy({ project, what }: Doubt): Trusted {
  return { project: realTarget(project), what }
}

export function isSame(a: Trusted, b: Trusted): boolean {
  return a.project === b.project && a.what === b.what
}

/** @throws Unauthorized for the first doubt that the user has not accepted */
export function assertTrusted(doubts: readonly Doubt[]): void {
  if (doubts.length === 0) return
  const trusted = readTrusted()
  const open = doubts.find(doubt => !trusted.some(entry => isSame(entry, trustedBy(doubt))))
  if (open === undefined) return
  throw new Unauthorized(
    `${open.message}: it is used only once you trust the project, by: hivewax trust ${shellWord(open.project)}`,
    { hint: 'Or name the memory yourself, with --url or HIVEWAX_URL.', details: { project: open.project } },
    'forbidden',
  )
}
