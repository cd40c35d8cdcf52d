import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { HivewaxError, InvalidInput } from '../errors.ts'
import { isInside, realTarget } from '../location/doubts.ts'
import type { Location } from '../location/location.ts'
import { ancestors } from '../location/project-folder.ts'
import { checkOneOf } from '../util/check.ts'
import {
  instructionFiles,
  instructionsBegin,
  putInstructions,
  removeInstructions,
} from './agent-instructions.ts'
import { clientNames } from './client-names.ts'
import { type Client, clients, isUsed, type Places, type Terms } from './clients.ts'
import { type LaunchCommand, launchCommand } from './launch-command.ts'
import { readText, removeIfEmpty, replaceText } from './text-files.ts'

export interface SetupOptions {
  /** The clients by name. Default: those that leave traces; of a removal: all. */
  clients?: readonly string[] | undefined
  /** Take out what was put in. */
  remove?: boolean | undefined
  /** Set them up for all projects of the user, instead of for this one. */
  home?: boolean | undefined
  /** Leave it to the clients to ask a person before they use a tool. Default: they are told that they need not. */
  ask?: boolean | undefined
  /** Tell agents too, in AGENTS.md or CLAUDE.md, when to use the memory. Default: where that stands there already. */
  instructions?: boolean | undefined
}

/** One file before and after; undefined stands for no file. */
export interface Change {
  /** Whose file it is; undefined for one that all agents read. */
  readonly client: string | undefined
  readonly file: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface Setup {
  readonly program: LaunchCommand
  readonly places: Places
  readonly clients: readonly Client[]
  /** The files that are not yet as they should be. */
  readonly changes: readonly Change[]
  /** Why files cannot be edited, which stay as they are. */
  readonly problems: readonly InvalidInput[]
}

/**
 * Finds out what has to be changed, and changes nothing.
 * @param location where the memory is, as found from the working directory
 * @throws InvalidInput when there is no client to set up
 */
export function planSetup(options: SetupOptions, location: Location): Setup {
  const cwd = process.cwd()
  const project = projectRoot(cwd)
  const isChosen = ['given by the caller', 'HIVEWAX_URL'].includes(location.reason)
  const program = launchCommand(isChosen ? ['--url', absolute(location.url)] : [])
  const workspaceUrl = isChosen ? undefined : workspacePath(options.home ? undefined : project, location.url)
  const places = { project, home: os.homedir(), workspaceUrl }
  const chosen = choose(options, places)
  const terms = { program, places, isAsking: options.ask ?? false }
  const edits = [
    ...chosen.flatMap(client => editsOf(client, options, terms)),
    ...instructionEdits(options, project),
  ]
  const problems = edits.filter(edit => edit instanceof InvalidInput)
  const changes = edits.filter((edit): edit is Change => !(edit instanceof InvalidInput))
  return { program, places, clients: chosen, changes, problems }
}

/** Makes the changes, one file after the other. What was made before one that fails stays. */
export function applySetup({ changes, places }: Setup): void {
  for (const { file, before, after } of changes) {
    replaceText(file, before, after)
    if (after === undefined) for (const folder of hiddenFolders(file, places)) removeIfEmpty(folder)
  }
}

/** `.continue/mcpServers` and `.continue`, which would be left behind empty; never the project or the home. */
function hiddenFolders(file: string, { project, home }: Places): string[] {
  for (const root of [project, home]) {
    const names = path.relative(root, path.dirname(file)).split(path.sep)
    if (/^\.[^.]/.test(names[0] ?? ''))
      return names.map((_, i) => path.join(root, ...names.slice(0, names.length - i)))
  }
  return []
}

function choose(options: SetupOptions, places: Places): Client[] {
  if (options.clients !== undefined) {
    const names = options.clients.map(name => checkOneOf('client', name, clientNames))
    return clients.filter(({ name }) => names.includes(name))
  }
  const there = clients.filter(client => targetsOf(client, options).length > 0)
  if (options.remove) return there
  const used = there.filter(client => isUsed(client, places))
  if (used.length > 0) return used
  throw new InvalidInput('found no coding agent, neither in this project nor in your home', {
    hint: `Name those you use: --client ${clientNames.join(',')}`,
  })
}

function targetsOf(client: Client, { home }: SetupOptions): Client['home'] {
  return home ? client.home : client.project
}

/** What to change in the files of a client, or why that cannot be done. */
function editsOf(client: Client, options: SetupOptions, terms: Terms): (Change | InvalidInput)[] {
  const targets = targetsOf(client, options)
  if (targets.length === 0 && options.clients !== undefined) throw notThere(client, options, terms.program)
  const folder = options.home ? terms.places.home : terms.places.project
  return targets.flatMap(target => {
    const edit = (text: string | undefined) =>
      options.remove ? text && target.remove(text) : target.put(text, terms)
    const file = path.resolve(folder, target.file)
    return tried({ client: client.name, file, within: options.home ? undefined : folder }, edit)
  })
}

/** What to change in the files that all agents of a project read. */
function instructionEdits(options: SetupOptions, project: string): (Change | InvalidInput)[] {
  if (options.home) return []
  const files = instructionFiles.map(name => path.join(project, name))
  const ofProject = (file: string): Place => ({ client: undefined, file, within: project })
  if (options.remove)
    return files.flatMap(file => tried(ofProject(file), text => text && removeInstructions(text)))
  const isThere = (file: string) =>
    isInside(project, file) && (fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false)
  const has = files.find(file => isThere(file) && fs.readFileSync(file).includes(instructionsBegin))
  if (has === undefined && !options.instructions) return []
  const [usual] = files
  const target = has ?? files.find(isThere) ?? usual
  return target === undefined ? [] : tried(ofProject(target), putInstructions)
}

type Edit = (text: string | undefined) => string | undefined

/** A file that may be changed. */
interface Place {
  readonly client: string | undefined
  readonly file: string
  /** The project that the file has to lie in: its links are not its user's. Undefined in the home, where they are. */
  readonly within: string | undefined
}

/** The change of a file, or why it cannot be made. */
function tried({ client, file, within }: Place, edit: Edit): (Change | InvalidInput)[] {
  try {
    if (within !== undefined) assertInside(within, file)
    return editOf(file, edit).map(change => ({ client, ...change }))
  } catch (error) {
    if (error instanceof InvalidInput) return [error]
    throw error
  }
}

function assertInside(project: string, file: string): void {
  if (isInside(project, file)) return
  throw new InvalidInput(`${file} leads to ${realTarget(file)}, outside of the project`, {
    hint: 'A link in a project is not followed out of it. Put a file in its place.',
  })
}

/** The change that an edit makes to a file, if any. */
function editOf(file: string, edit: Edit): Omit<Change, 'client'>[] {
  const before = readText(file)
  const after = edited(file, before, edit)
  return after === before ? [] : [{ file, before, after }]
}

/** Edits a text without its byte order mark, which stays. An error names the file. */
function edited(file: string, text: string | undefined, edit: Edit): string | undefined {
  const mark = text?.startsWith('\ufeff') ? '\ufeff' : ''
  try {
    const after = edit(text?.slice(mark.length))
    return after === undefined ? undefined : mark + after
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    throw new InvalidInput(`cannot edit ${file}: ${error.message}`, {
      hint: `The file stays as it is. ${error.hint ?? 'Mend it, then run this again.'}`,
      cause: error,
    })
  }
}

function notThere(
  { name, title }: Client,
  { home }: SetupOptions,
  { node, script }: LaunchCommand,
): InvalidInput {
  if (!home) return new InvalidInput(`${title} is set up for all projects only`, { hint: 'Add --home.' })
  const command =
    name === 'claude-code' ? `claude mcp add --scope user hivewax -- ${node} ${script} mcp` : undefined
  return new InvalidInput(`${title} is set up per project only`, {
    hint: command === undefined ? 'Leave --home out.' : `Leave --home out, or run: ${command}`,
  })
}

/** Where the project begins: its repository, else the folder of its memory, else the working directory. */
function projectRoot(cwd: string): string {
  const inside = ancestors(cwd)
  const withEntry = (name: string) => inside.find(folder => fs.existsSync(path.join(folder, name)))
  return withEntry('.git') ?? withEntry('.swarm') ?? cwd
}

/** The memory of a workspace, for editors that replace `${workspaceFolder}`; of any, when no project is given. */
function workspacePath(project: string | undefined, url: string): string {
  const usual = path.join('.swarm', 'memory.db')
  const isUsual = project === undefined || path.join(project, usual) === url
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor replaces it
  return isUsual ? '${workspaceFolder}/.swarm/memory.db' : url
}

function absolute(url: string): string {
  return /^[a-z]+:/i.test(url) ? url : path.resolve(url)
}
