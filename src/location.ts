import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InvalidInput } from './errors.ts'

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
export function locate(argument?: string, env = process.env, cwd = process.cwd()): Location {
  if (argument !== undefined) return { url: argument, reason: 'given by the caller' }
  if (env.HIVEWAX_URL) return { url: env.HIVEWAX_URL, reason: 'HIVEWAX_URL' }
  const { folder, reason } = swarmFolder(cwd)
  const configured = configuredUrl(folder)
  if (configured !== undefined) return configured
  return { url: path.join(folder, 'memory.db'), reason }
}

/** Creates a default store's folder so that its contents never end up in a commit. */
export function prepareSwarmFolder(file: string): void {
  const folder = path.dirname(file)
  if (path.basename(folder) !== '.swarm' || fs.existsSync(folder)) return
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  fs.writeFileSync(path.join(folder, '.gitignore'), '*\n')
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
function ancestors(cwd: string): string[] {
  const folders = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    folders.push(folder)
    const isTop = path.dirname(folder) === folder || folder === os.homedir()
    if (isTop || fs.existsSync(path.join(folder, '.git'))) return folders
  }
}

/** A linked worktree's `.git` is a file that points into the main repository's `.git` folder. */
function mainWorktree(root: string): string {
  const dotGit = path.join(root, '.git')
  if (fs.statSync(dotGit).isDirectory()) return root
  const gitDir = /^gitdir: (.+)$/m.exec(fs.readFileSync(dotGit, 'utf8'))?.[1] ?? ''
  const common = path.resolve(root, gitDir, '..', '..')
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
  return { url: /^[a-z]+:/i.test(url) ? url : path.resolve(path.dirname(file), url) }
}
