import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import { makeFolder } from '../util/make-folder.ts'
import { type Doubt, folderDoubts, targetDoubts } from './doubts.ts'
import { expandLocation } from './expand.ts'
import { projectFolder } from './project-folder.ts'
import { assertTrusted } from './trusted.ts'

/** Where the memory is, and why there: `hivewax doctor` shows both. */
export interface Location {
  readonly url: string
  /** What decided: an argument, the environment, a configuration file, or the default and its reason. */
  readonly reason: string
}

/**
 * Finds the store: the argument, else HIVEWAX_URL, else `url` in `.swarm/config.json`, else `.swarm/memory.db` at
 * the root of the project that `cwd` is in, so that every agent of a project shares one memory, worktrees included.
 * @throws Unauthorized `forbidden` for a project that is somebody else's, or that leads out of itself, and that the user has
 *   not trusted; InvalidInput for a location with a placeholder that nobody has replaced
 */
export function locate(argument?: string, env = process.env, cwd?: string): Location {
  if (argument !== undefined)
    return { url: expandLocation(argument, 'the location'), reason: 'given by the caller' }
  if (env.HIVEWAX_URL) return { url: expandLocation(env.HIVEWAX_URL, 'HIVEWAX_URL'), reason: 'HIVEWAX_URL' }
  const { folder, reason, doubts } = projectFolder(cwd ?? workingDirectory())
  // Before a word of it is read.
  assertTrusted([...doubts, ...folderDoubts(folder)])
  const configured = configuredUrl(folder)
  if (configured === undefined) return { url: path.join(folder, 'memory.db'), reason }
  assertTrusted(configDoubts(folder, configured))
  return configured
}

/** All that speaks against the project that a folder is in, accepted or not. */
export function projectDoubts(cwd: string): Doubt[] {
  const { folder, doubts } = projectFolder(cwd)
  const configured = configuredUrl(folder)
  const told = configured === undefined ? [] : configDoubts(folder, configured)
  return [...doubts, ...folderDoubts(folder), ...told]
}

/** A server is never within a project: what is sent there leaves it, and so does what proves who calls. */
function configDoubts(folder: string, { url, reason: config }: Location): Doubt[] {
  const project = path.dirname(folder)
  if (url === ':memory:') return []
  return isServer(url) ? [serverDoubt(project, config, url)] : targetDoubts(project, config, url)
}

/** @param source the file that names the server */
export function serverDoubt(project: string, source: string, url: string): Doubt {
  const shown = withoutPassword(url)
  return { project, what: `server ${shown}`, message: `${source} names the server ${shown}` }
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/?#@]*?):[^/?#]*@/, '$1@').replace(/([?&]password=)[^&]*/gi, '$1…')
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

/** Far more than a location takes. */
const maxConfigBytes = 64 * 1024

function configuredUrl(folder: string): Location | undefined {
  const file = path.join(folder, 'config.json')
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // Reading a pipe would wait for who writes to it.
  if (!stat.isFile() || stat.size > maxConfigBytes) throw new InvalidInput(`${file} is no file of settings`)
  const url = readUrl(file)
  return url === undefined ? undefined : { url, reason: file }
}

function readUrl(file: string): string | undefined {
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
  if (url === undefined) return undefined
  if (typeof url !== 'string') throw new InvalidInput(`"url" in ${file} must be a string`)
  const expanded = expandLocation(url, `"url" in ${file}`)
  // A relative file belongs to the configuration that names it, wherever the program was started.
  return /^([a-z]+:|:memory:$)/i.test(expanded) ? expanded : path.resolve(path.dirname(file), expanded)
}
