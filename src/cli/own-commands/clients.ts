import { hookClientNames } from '../../hooks/hook-client-names.ts'
import { clientNames } from '../../setup/client-names.ts'
import type { Command } from '../command.ts'

/** Commands for coding agents, and for others that reach the memory through a server. */
export const clientCommands: readonly Command[] = [
  {
    path: 'init',
    summary: 'Set up the coding agents of this project, so that they share its memory',
    effect: 'write',
    positionals: [],
    options: [
      {
        name: 'client',
        type: 'text',
        isList: true,
        choices: clientNames,
        description: 'Which ones; default: those that this project or your home has traces of',
      },
      { name: 'dryRun', type: 'boolean', short: 'n', description: 'Only show what would be changed' },
      { name: 'remove', type: 'boolean', description: 'Take out again what it put in; the memory stays' },
      {
        name: 'home',
        type: 'boolean',
        description:
          'For all your projects instead of this one: not for claude-code and vscode, and only so for cline',
      },
      {
        name: 'ask',
        type: 'boolean',
        description:
          'Leave the clients to ask you before they use a tool; where nobody can be asked, they then refuse it',
      },
      {
        name: 'instructions',
        type: 'boolean',
        description:
          'Tell agents when to use the memory, in a part of AGENTS.md, or of CLAUDE.md where only that is',
      },
      {
        name: 'check',
        type: 'boolean',
        description: 'Change nothing: say of each client whether it reaches the memory, and under which name',
      },
    ],
    examples: [
      'hivewax init',
      'hivewax init --client claude-code,codex --yes',
      'hivewax init --instructions',
      'hivewax init --check',
      'hivewax init --remove',
    ],
  },
  {
    path: 'trust',
    summary: 'Say that a project is yours, which hivewax would not use without: it shows why',
    effect: 'write',
    positionals: [
      { name: 'project', type: 'text', description: 'A folder in it; default: the working directory' },
    ],
    options: [
      { name: 'list', type: 'boolean', description: 'Show what you have trusted, and change nothing' },
      { name: 'remove', type: 'boolean', description: 'Take it back' },
    ],
    examples: ['hivewax trust', 'hivewax trust ~/work/app', 'hivewax trust --list', 'hivewax trust --remove'],
  },
  {
    path: 'hook',
    isHidden: true,
    summary:
      'Serve an event of a coding agent, which comes as JSON on the standard input; always exits with 0',
    effect: 'write',
    positionals: [
      { name: 'event', type: 'text', description: 'Its name; default: the hook_event_name of the input' },
    ],
    options: [
      {
        name: 'client',
        type: 'text',
        choices: hookClientNames,
        description: 'Whose event it is; default: claude-code',
      },
      {
        name: 'budget',
        type: 'integer',
        description: 'How many tokens the briefing of a session may take; default: 1000',
      },
    ],
    examples: ['hivewax hook SessionStart', 'hivewax hook AfterAgent --client gemini'],
  },
  {
    path: 'mcp',
    summary: 'Serve the memory to a coding agent: MCP on the standard input and output',
    effect: 'write',
    positionals: [],
    options: [
      {
        name: 'compat',
        type: 'text',
        choices: ['claude-flow', 'memory-tool'],
        description:
          "Answer other tools instead of our own: those of claude-flow, or Anthropic's memory tool",
      },
      {
        name: 'hold',
        type: 'text',
        description:
          'How long the agent holds what it claims and locks after its last call, up to a day; default: 2h',
      },
    ],
    examples: ['hivewax mcp --agent coder-1', 'hivewax mcp --compat claude-flow'],
  },
  {
    path: 'ui',
    summary: 'Open the dashboard: see the swarm in a browser, and act',
    effect: 'write',
    positionals: [],
    options: [
      {
        name: 'port',
        type: 'integer',
        short: 'p',
        description: 'Of this machine only; default: 4747, or any that is free where that is taken',
      },
      {
        name: 'open',
        type: 'boolean',
        isOn: true,
        description: 'Only print the link, which signs in whoever follows it first',
      },
    ],
    examples: ['hivewax ui', 'hivewax ui --no-open', 'hivewax ui --read-only'],
  },
  {
    path: 'serve',
    summary: 'Serve the memory over HTTP: every operation, streams of changes, and MCP, until Ctrl-C',
    effect: 'write',
    positionals: [],
    options: [
      { name: 'host', type: 'text', description: 'The address to listen on; default: 127.0.0.1' },
      { name: 'port', type: 'integer', short: 'p', description: 'default: 4747; 0 for any that is free' },
      {
        name: 'allowHost',
        type: 'text',
        isList: true,
        description: 'Further names under which callers may address it, without ports',
      },
      {
        name: 'allowOrigin',
        type: 'text',
        isList: true,
        description: 'Origins of web pages that may call it, such as https://dash.example',
      },
      {
        name: 'files',
        type: 'text',
        description: 'The folder in which callers may name files, for backups and exports; default: none',
      },
      {
        name: 'tokenFile',
        type: 'text',
        description:
          "Where the owner's token is, and is made when it is not there; default: beside the store",
      },
      { name: 'rate', type: 'integer', description: 'Requests of one caller a second; default: 1000' },
      { name: 'timeout', type: 'text', description: 'How long one call may take; default: 30s' },
      { name: 'maxBody', type: 'integer', description: 'The largest body of a request, in MiB; default: 16' },
    ],
    examples: [
      'hivewax serve',
      'hivewax serve --port 8080 --files backups',
      'hivewax serve --host 0.0.0.0 --allow-host hive.example --allow-origin https://dash.example',
    ],
  },
]
