import fs from 'node:fs'
import path from 'node:path'
import { hookClient } from '../hooks/hook-client.ts'
import { toolNames } from '../operation.ts'
import { isObject, type Json } from '../util/json.ts'
import { putPermission, removePermission } from './claude-permissions.ts'
import type { ClientName } from './client-names.ts'
import { type HooksFile, putHooks, removeHooks } from './hooks-file.ts'
import { at, putJson, readJson, removeJson } from './json-edit.ts'
import { type LaunchCommand, namesUrl, serverArgs } from './launch-command.ts'
import { putToml, removeToml, tomlTable } from './toml-edit.ts'

/** The folders that a set-up is about. */
export interface Places {
  /** The root of the project. */
  readonly project: string
  readonly home: string
  /** The memory's file, as an option that editors understand which know their workspace. */
  readonly workspaceUrl: string | undefined
}

/** What every client is set up with. */
export interface Terms {
  readonly program: LaunchCommand
  readonly places: Places
  /** Whether clients go on asking a person before they use a tool. */
  readonly isAsking: boolean
}

/** The entry of a server. @param there the arguments that are there already */
type Server = (terms: Terms, there: unknown) => { [name: string]: Json }

/** How a client starts its server, as its file says. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** One file that a client reads, and what is ours in it. Undefined stands for a file that is not there. */
interface Target {
  /** In the project or the home; an absolute path is one. */
  readonly file: string
  put(text: string | undefined, terms: Terms): string
  remove(text: string): string | undefined
  /** How the client starts the server, where this is the file that says it. */
  launch?(text: string): Launch | undefined
}

/** A coding agent that can use the memory. */
export interface Client {
  readonly name: ClientName
  readonly title: string
  /** Its traces: in a project, and in the home of a person who uses it. */
  readonly traces: { readonly project: readonly string[]; readonly home: readonly string[] }
  readonly project: readonly Target[]
  /** Where it is set up for every project of a user; none where its own command has to do that. */
  readonly home: readonly Target[]
  /** What is left for a person to do. */
  readonly next: string
}

const plainServer: Server = ({ program }, there) => ({
  command: program.node,
  args: serverArgs(program, there),
})

const typedServer: Server = (terms, there) => ({ type: 'stdio', ...plainServer(terms, there) })

/** For clients that may start a server in another folder than that of the project. */
const workspaceServer: Server = (terms, there) => {
  const { workspaceUrl } = terms.places
  if (workspaceUrl === undefined || namesUrl(there)) return typedServer(terms, there)
  return typedServer({ ...terms, program: { ...terms.program, options: ['--url', workspaceUrl] } }, there)
}

/** opencode has the program and its arguments in one list. */
const listedServer: Server = ({ program }, there) => ({
  type: 'local',
  command: [program.node, ...serverArgs(program, there)],
  enabled: true,
})

const customServer: Server = (terms, there) => ({ source: 'custom', ...plainServer(terms, there) })

/** Gemini CLI asks before each use of a tool, and refuses it where there is nobody to ask, unless it trusts the server. */
const trustedServer: Server = (terms, there) => ({
  ...plainServer(terms, there),
  ...(!terms.isAsking && { trust: true }),
})

/** Copilot CLI offers a model those tools of a server that its entry names. */
const copilotServer: Server = (terms, there) => ({
  type: 'local',
  ...plainServer(terms, there),
  tools: ['*'],
})

/** Cline asks before each use of a tool that its entry does not name. */
const clineServer: Server = (terms, there) => ({
  ...plainServer(terms, there),
  ...(!terms.isAsking && { autoApprove: [...toolNames] }),
})

const tomlPath = ['mcp_servers', 'hivewax'] as const

/** Without it a session of Codex that nobody watches is refused the tools that change anything. */
const approval = 'default_tools_approval_mode'

const tomlServer: Target = {
  file: '.codex/config.toml',
  put: (text, { program, isAsking }) => {
    const there = tomlTable(text, tomlPath)
    const isDecided = isAsking || there?.[approval] !== undefined
    return putToml(text, tomlPath, {
      command: program.node,
      args: serverArgs(program, there?.args),
      ...(!isDecided && { [approval]: 'approve' }),
    })
  },
  remove: text => removeToml(text, tomlPath),
  // A table of TOML that JSON has no word for, such as a date, is none of ours.
  launch: text => launchIn(tomlTable(text, tomlPath) as Json | undefined),
}

const claudeHooks: HooksFile = {
  client: hookClient('claude-code'),
  isGrouped: true,
  more: { timeout: 10 },
}

const claudeSettings: Target = {
  file: '.claude/settings.json',
  put: (text, { program, isAsking }) => {
    const withHooks = putHooks(text, claudeHooks, program)
    return isAsking ? withHooks : putPermission(withHooks)
  },
  remove: text => {
    const rest = removePermission(text)
    return rest === undefined ? undefined : removeHooks(rest, claudeHooks)
  },
}

/** A file of hooks alone. */
function hooksTarget(file: string, hooks: HooksFile): Target {
  return {
    file,
    put: (text, { program }) => putHooks(text, hooks, program),
    remove: text => removeHooks(text, hooks),
  }
}

const codexHooks = hooksTarget('.codex/hooks.json', { ...claudeHooks, client: hookClient('codex') })

const cursorHooks = hooksTarget('.cursor/hooks.json', {
  client: hookClient('cursor'),
  base: '{\n  "version": 1\n}\n',
  isGrouped: false,
  more: {},
})

/** Gemini CLI has its servers and its hooks in one file, and counts a timeout in milliseconds. */
const geminiHooks: HooksFile = {
  client: hookClient('gemini'),
  isGrouped: true,
  more: { timeout: 10_000 },
}

const geminiServer = jsonServer('.gemini/settings.json', 'mcpServers', trustedServer)

const geminiSettings: Target = {
  ...geminiServer,
  put: (text, terms) => putHooks(geminiServer.put(text, terms), geminiHooks, terms.program),
  remove: text => {
    const rest = removeHooks(text, geminiHooks)
    return rest === undefined ? undefined : geminiServer.remove(rest)
  },
}

export const clients: readonly Client[] = [
  {
    name: 'claude-code',
    title: 'Claude Code',
    traces: { project: ['.claude', '.mcp.json', 'CLAUDE.md'], home: ['.claude', '.claude.json'] },
    project: [jsonServer('.mcp.json', 'mcpServers', typedServer), claudeSettings],
    home: [],
    next: 'Start claude here, trust the folder, and let it use the server hivewax of .mcp.json; /mcp and /hooks then show it.',
  },
  {
    name: 'codex',
    title: 'Codex',
    traces: { project: ['.codex'], home: ['.codex'] },
    project: [tomlServer, codexHooks],
    home: [{ ...tomlServer, file: path.join(process.env.CODEX_HOME ?? '.codex', 'config.toml') }],
    next: 'Start codex here, trust the folder, and then its hooks, by /hooks; /mcp then shows it.',
  },
  {
    name: 'cursor',
    title: 'Cursor',
    traces: { project: ['.cursor', '.cursorrules'], home: ['.cursor'] },
    project: [jsonServer('.cursor/mcp.json', 'mcpServers', workspaceServer), cursorHooks],
    home: [jsonServer('.cursor/mcp.json', 'mcpServers', workspaceServer)],
    next: 'Open the settings of Cursor, Tools & MCP, and switch hivewax on.',
  },
  {
    name: 'vscode',
    title: 'VS Code',
    traces: {
      project: ['.vscode'],
      home: [
        '.vscode',
        '.vscode-server',
        '.config/Code',
        'Library/Application Support/Code',
        'AppData/Roaming/Code',
      ],
    },
    project: [jsonServer('.vscode/mcp.json', 'servers', workspaceServer)],
    home: [],
    next: 'Run MCP: List Servers from the command palette, choose hivewax and start it.',
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    traces: { project: ['.gemini', 'GEMINI.md'], home: ['.gemini'] },
    project: [geminiSettings],
    home: [geminiServer],
    next: 'Start gemini here, in a folder that it trusts; /mcp then shows it.',
  },
  {
    name: 'qwen',
    title: 'Qwen Code',
    traces: { project: ['.qwen', 'QWEN.md'], home: ['.qwen'] },
    project: [jsonServer('.qwen/settings.json', 'mcpServers', trustedServer)],
    home: [jsonServer('.qwen/settings.json', 'mcpServers', trustedServer)],
    next: 'Run qwen mcp approve hivewax here, without which it does not start the server; /mcp then shows it.',
  },
  {
    name: 'opencode',
    title: 'opencode',
    traces: { project: ['opencode.json', 'opencode.jsonc', '.opencode'], home: ['.config/opencode'] },
    project: [jsonServer('opencode.json', 'mcp', listedServer)],
    home: [jsonServer('.config/opencode/opencode.json', 'mcp', listedServer)],
    next: 'Start opencode here; opencode mcp list then shows it.',
  },
  {
    name: 'zed',
    title: 'Zed',
    traces: { project: ['.zed'], home: ['.config/zed'] },
    project: [jsonServer('.zed/settings.json', 'context_servers', customServer)],
    home: [jsonServer('.config/zed/settings.json', 'context_servers', customServer)],
    next: 'Open the settings of the Agent Panel of Zed: hivewax is among the MCP servers.',
  },
  {
    name: 'copilot',
    title: 'Copilot CLI',
    traces: { project: ['.github/mcp.json', '.github/copilot-instructions.md'], home: ['.copilot'] },
    project: [jsonServer('.github/mcp.json', 'mcpServers', copilotServer)],
    home: [jsonServer('.copilot/mcp-config.json', 'mcpServers', copilotServer)],
    next: 'Start copilot here and trust the folder; /mcp show then lists it.',
  },
  {
    name: 'continue',
    title: 'Continue',
    traces: { project: ['.continue'], home: ['.continue'] },
    project: [jsonServer('.continue/mcpServers/hivewax.json', 'mcpServers', plainServer)],
    home: [jsonServer('.continue/mcpServers/hivewax.json', 'mcpServers', plainServer)],
    next: 'Open Continue in its agent mode: hivewax is among the MCP servers of its tools.',
  },
  {
    name: 'cline',
    title: 'Cline',
    traces: { project: ['.clinerules'], home: ['.cline'] },
    project: [],
    home: [jsonServer('.cline/data/settings/cline_mcp_settings.json', 'mcpServers', clineServer)],
    next: 'Start cline in a project with a memory; cline mcp then lists it.',
  },
]

/** Whether a client leaves traces in the project or in the home of the user. */
export function isUsed({ traces }: Client, { project, home }: Places): boolean {
  return (
    traces.project.some(name => fs.existsSync(path.join(project, name))) ||
    traces.home.some(name => fs.existsSync(path.join(home, name)))
  )
}

function jsonServer(file: string, key: string, server: Server): Target {
  const place = [key, 'hivewax']
  return {
    file,
    put: (text, terms) => {
      const there = text === undefined ? undefined : at(readJson(text), place)
      return putJson(text, place, server(terms, argsIn(there)))
    },
    remove: text => removeJson(text, place),
    launch: text => launchIn(at(readJson(text), place)),
  }
}

/** The arguments of an entry, be they beside the program or in one list with it. */
function argsIn(entry: Json | undefined): Json | undefined {
  if (entry === undefined || !isObject(entry)) return undefined
  return Array.isArray(entry.command) ? entry.command.slice(1) : entry.args
}

function launchIn(entry: Json | undefined): Launch | undefined {
  if (entry === undefined || !isObject(entry)) return undefined
  const { command, env, environment } = entry
  const program = Array.isArray(command) ? command[0] : command
  const args = argsIn(entry) ?? []
  if (typeof program !== 'string' || !Array.isArray(args)) return undefined
  const set = Object.entries({ ...(env as object), ...(environment as object) })
  return {
    command: program,
    args: args.map(String),
    env: Object.fromEntries(set.map(([name, value]) => [name, String(value)])),
  }
}
