import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InvalidInput } from './errors.ts'
import { fileError, systemCode } from './util/file-error.ts'
import { makeFolder } from './util/make-folder.ts'

/** Where the memory is, and why there: `hivewax doctor` shows both. */
export interface Location {
  readonly url: string
  /** What decided: an argument, the environment, a configuration file, or the default and its reason. */
  readonly reason: string
}

/**
 * Finds the store: the argument, else HIVEWAX_URL, else `url` in `.swarm/config.json`, else `.swarm/memory.db` at
 * the root of the project that `cwd` is in, so that every agent of a project shares one memory, worktrees included.
 */
export function locate(argument?: string, env = process.env, cwd?: string): Location {
  if (argument !== undefined) return { url: argument, reason: 'given by the caller' }
  if (env.HIVEWAX_URL) return { url: env.HIVEWAX_URL, reason: 'HIVEWAX_URL' }
  const { folder, reason } = swarmFolder(cwd ?? workingDirectory())
  const configured = configuredUrl(folder)
  if (configured !== undefined) return configured
  return { url: path.join(folder, 'memory.db'), reason }
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    throw fileError(error, 'the working directory')
  }
}

/** Whether a location is a server's URL and not a file. */
export function isServer(url: string): boolean {
  return /^[a-z]+:\/\//i.test(url)
}

/**
 * Sees to it that a store that is to be made in a `.swarm` folder never ends up in a commit. In a folder that others have
 * made, only what is named after the store is ignored; a `.gitignore` that is there is left as it is.
 */
export function prepareSwarmFolder(file: string): void {
  const folder = path.dirname(file)
  if (path.basename(folder) !== '.swarm' || fs.existsSync(file)) return
  try {
    const isNew = !fs.existsSync(folder)
    if (isNew) makeFolder(folder)
    const ignored = isNew ? '*\n' : `/.gitignore\n/${path.parse(file).name}.*\n`
    fs.writeFileSync(path.join(folder, '.gitignore'), ignored, { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileError(error, folder)
  }
}

function swarmFolder(cwd: string): { folder: string; reason: string } {
  const inside = ancestors(cwd)
  const existing = inside.find(folder => fs.existsSync(path.join(folder, '.swarm')))
  if (existing !== undefined)
    return { folder: path.join(existing, '.swarm'), reason: `found .swarm in ${existing}` }
  const root = inside.find(folder => fs.existsSync(path.join(folder, '.git')))
  if (root === undefined) return { folder: path.join(cwd, '.swarm'), reason: 'the working directory' }
  const main = mainWorktree(root)
  return { folder: path.join(main, '.swarm'), reason: `the root of the repository ${main}` }
}

/** From `cwd` up to the root of its repository, or to the home directory, or to the top: no further. */
export function ancestors(cwd: string): string[] {
  const folders = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    folders.push(folder)
    const isTop = path.dirname(folder) === folder || folder === os.homedir()
    if (isTop || fs.existsSync(path.join(folder, '.git'))) return folders
  }
}

/**
 * The `.git` of a linked worktree is a file that names its git directory, where `commondir` names the one it
 * shares with the main worktree. A submodule has such a file too, but shares nothing.
 */
function mainWorktree(root: string): string {
  const dotGit = path.join(root, '.git')
  if (fs.statSync(dotGit).isDirectory()) return root
  const gitDir = path.resolve(
    root,
    /^gitdir: (.+)$/m.exec(fs.readFileSync(dotGit, 'utf8'))?.[1]?.trim() ?? '',
  )
  const pointer = path.join(gitDir, 'commondir')
  if (!fs.existsSync(pointer)) return root
  const common = path.resolve(gitDir, fs.readFileSync(pointer, 'utf8').trim())
  return path.basename(common) === '.git' ? path.dirname(common) : root
}

function configuredUrl(folder: string): Location | undefined {
  const file = path.join(folder, 'config.json')
  if (!fs.existsSync(file)) return undefined
  const { url } = readConfig(file)
  return url === undefined ? undefined : { url, reason: file }
}

function readConfig(file: string): { url?: string } {
  let config: unknown
  try {
    config = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    throw new InvalidInput(`${file} is not JSON`, {
      cause: error,
      hint: 'Write for example { "url": "memory.db" }.',
    })
  }
  const url = typeof config === 'object' && config !== null && 'url' in config ? config.url : undefined
  if (url === undefined) return {}
  if (typeof url !== 'string') throw new InvalidInput(`"url" in ${file} must be a string`)
  // A relative file belongs to the configuration that names it, wherever the program was started.
  return { url: /^([a-z]+:|:memory:$)/i.test(url) ? url : path.resolve(path.dirname(file), url) }
}
