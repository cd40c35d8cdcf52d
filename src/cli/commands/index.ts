import type { Runner } from '../cli.ts'
import type { Command, Field } from '../command.ts'

/** Loads the code of a command. What its input is, only the command's fields say. */
type Load = () => Promise<{ run: Runner<never> }>

/** The commands that only the command line has. */
export const ownCommands: readonly Command[] = [
  {
    path: 'events tail',
    summary: 'Print the latest events, and with --follow those to come',
    effect: 'read',
    positionals: [],
    options: [
      { name: 'follow', type: 'boolean', short: 'f', description: 'Go on with each new event, until Ctrl-C' },
      { name: 'lines', type: 'integer', short: 'n', description: 'How many of the latest; default: 10' },
      { name: 'since', type: 'integer', description: 'All events after this id, instead of the latest' },
      { name: 'types', type: 'text', isList: true, description: 'Only events of these types' },
      { name: 'source', type: 'text', description: 'Only events of this source' },
    ],
    examples: [
      'hivewax events tail',
      'hivewax events tail --follow --types build_passed,build_failed',
      'hivewax events tail -f --json | jq .data',
    ],
  },
  {
    path: 'shared watch',
    summary: 'Print each change of the shared state, until Ctrl-C',
    effect: 'read',
    positionals: [
      { name: 'prefix', type: 'text', description: 'Only keys that begin with this; default: all' },
    ],
    options: [
      {
        name: 'since',
        type: 'integer',
        description: 'Begin after this revision; default: with the next change',
      },
    ],
    examples: ['hivewax shared watch', 'hivewax shared watch build/ --since 0 --json'],
  },
  {
    path: 'tasks board',
    summary: 'Show how all tasks stand, live until Ctrl-C; once where there is no terminal',
    effect: 'read',
    positionals: [],
    options: [{ name: 'once', type: 'boolean', description: 'Print it once, and do not wait for changes' }],
    examples: [
      'hivewax tasks board',
      'hivewax tasks board --once',
      'hivewax tasks board --json | jq .data.ready.count',
    ],
  },
  {
    path: 'work',
    topic: 'tasks',
    summary: 'Claim tasks and run a command for each, until Ctrl-C',
    effect: 'write',
    positionals: [
      {
        name: 'command',
        type: 'text',
        isList: true,
        isVerbatim: true,
        description:
          'The program and its arguments, after --. It gets the task as JSON on its standard input, and as HIVEWAX_TASK_ID, _TOKEN, _ATTEMPT, _DESCRIPTION and _PAYLOAD; what it prints is the result. Exit code 0 completes the task, 75 gives it back for later, 65 fails it for good, any other fails the attempt',
      },
    ],
    options: [
      { name: 'exec', type: 'text', description: 'A line of shell to run instead of a program' },
      {
        name: 'agentId',
        type: 'text',
        description: 'Who claims; default: the acting agent, else this process',
      },
      {
        name: 'capabilities',
        type: 'text',
        isList: true,
        description: 'What it can do; default: what the agent was registered with',
      },
      { name: 'queues', type: 'text', isList: true, description: 'Only tasks of these queues; default: all' },
      { name: 'concurrency', type: 'integer', short: 'c', description: 'How many tasks at once; default: 1' },
      {
        name: 'lease',
        type: 'text',
        description: 'How long others wait for a task, should this process be killed; default: 30s',
      },
      {
        name: 'once',
        type: 'boolean',
        description: 'End when nothing is left to do, instead of waiting for more',
      },
      {
        name: 'drain',
        type: 'text',
        description: 'How long running commands may go on after Ctrl-C, before they are ended; default: 30s',
      },
      {
        name: 'later',
        type: 'text',
        description: 'How long a task waits that its command gave back with exit code 75; default: 10s',
      },
    ],
    examples: [
      "hivewax work --exec 'make build'",
      'hivewax work --agent-id builder-1 --concurrency 4 --once -- node build.js --fast',
      `hivewax work --exec 'hivewax tasks heartbeat "$HIVEWAX_TASK_ID" "$HIVEWAX_TASK_TOKEN" --progress 50; ./run.sh'`,
    ],
  },
  {
    path: 'lock run',
    summary: 'Run a command while holding a lock',
    effect: 'write',
    positionals: [
      { name: 'name', type: 'text', isRequired: true, description: "The lock's name" },
      {
        name: 'command',
        type: 'text',
        isList: true,
        isVerbatim: true,
        isRequired: true,
        description: 'The program and its arguments, after --; its exit code is that of this command',
      },
    ],
    options: [
      {
        name: 'lease',
        type: 'text',
        description: 'How long the lock outlives this process, should that be killed; default: 30s',
      },
      {
        name: 'wait',
        type: 'text',
        description:
          'How long to wait while somebody else holds it, such as 5m; default: not at all (exit code 4)',
      },
      {
        name: 'delay',
        type: 'text',
        description:
          'How long others must wait besides, should the lease lapse without a release; default: 0',
      },
      {
        name: 'owner',
        type: 'text',
        description: 'Who holds it; default: the acting agent, else this process',
      },
    ],
    examples: [
      'hivewax lock run deploy -- npm run deploy',
      'hivewax lock run migrate --wait 5m --lease 1m -- sh -c \'./migrate --token "$HIVEWAX_LOCK_TOKEN"\'',
    ],
  },
  {
    path: 'migrate',
    topic: 'maintenance',
    summary: 'Copy a store into another one, be it a file or PostgreSQL, and check the copy',
    effect: 'write',
    positionals: [],
    options: [
      {
        name: 'from',
        type: 'text',
        isRequired: true,
        description: 'The store to copy, as it is now: what is written to it meanwhile is not copied',
      },
      {
        name: 'to',
        type: 'text',
        isRequired: true,
        description:
          'The store to fill, created if need be; the same command goes on with what was broken off',
      },
      {
        name: 'force',
        type: 'boolean',
        description: 'Replace what the target holds; stop the programs that use it first',
      },
    ],
    examples: [
      'hivewax migrate --from .swarm/memory.db --to postgres://hive@db.example/swarm',
      'hivewax migrate --from postgres://hive@db.example/swarm --to copy.db',
    ],
  },
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
        choices: ['claude-code', 'codex', 'cursor', 'vscode', 'gemini'],
        description: 'Which ones; default: those that this project or your home has traces of',
      },
      { name: 'dryRun', type: 'boolean', short: 'n', description: 'Only show what would be changed' },
      { name: 'remove', type: 'boolean', description: 'Take out again what it put in; the memory stays' },
      {
        name: 'home',
        type: 'boolean',
        description: 'For all your projects instead of this one: for codex, cursor and gemini',
      },
      {
        name: 'ask',
        type: 'boolean',
        description:
          'Leave the clients to ask you before they use a tool; where nobody can be asked, they then refuse it',
      },
    ],
    examples: ['hivewax init', 'hivewax init --client claude-code,codex --yes', 'hivewax init --remove'],
  },
  {
    path: 'hook',
    isHidden: true,
    summary: 'Serve an event of Claude Code, which comes as JSON on the standard input; always exits with 0',
    effect: 'write',
    positionals: [
      { name: 'event', type: 'text', description: 'Its name; default: the hook_event_name of the input' },
    ],
    options: [
      {
        name: 'budget',
        type: 'integer',
        description: 'How many tokens the briefing of a session may take; default: 1000',
      },
    ],
    examples: ['hivewax hook SessionStart', 'hivewax hook Stop'],
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
  {
    path: 'import',
    topic: 'maintenance',
    summary: 'Bring over what other programs remembered, or an export: claude-flow, server-memory, JSON',
    effect: 'write',
    positionals: [
      {
        name: 'paths',
        type: 'text',
        isList: true,
        isVerbatim: true,
        description:
          "Files, or folders of projects in which the old product's files are looked for; default: this project. They are only read; an old memory in the place of the new one is renamed",
      },
    ],
    options: [
      { name: 'dryRun', type: 'boolean', short: 'n', description: 'Only show what would come from where' },
      {
        name: 'namespace',
        type: 'text',
        description: 'Where records go that name no namespace; default: default',
      },
      {
        name: 'onConflict',
        type: 'text',
        choices: ['newer', 'skip', 'replace'],
        description:
          'What to do with a key that exists with another value; default: newer, the later one stays',
      },
      { name: 'expired', type: 'boolean', description: 'Bring what has expired too, and let it live on' },
      { name: 'vectors', type: 'boolean', description: 'Bring vectors too, into claude-flow:embedding' },
    ],
    examples: [
      'hivewax import --dry-run',
      'hivewax import .swarm/memory.db .hive-mind/hive.db',
      'hivewax import ~/memory.jsonl --namespace team',
    ],
  },
  {
    path: 'shell',
    summary: 'Type commands one after the other, without hivewax before them',
    effect: 'read',
    positionals: [],
    options: [],
    examples: ['hivewax shell', 'hivewax shell < commands.txt'],
  },
  {
    path: 'completion',
    summary: 'Print a script that makes a shell complete commands, options and keys with the tab key',
    effect: 'read',
    positionals: [
      {
        name: 'shell',
        type: 'text',
        isRequired: true,
        choices: ['bash', 'zsh', 'fish'],
        description: 'Which shell',
      },
    ],
    options: [],
    examples: [
      'hivewax completion bash >> ~/.bashrc',
      'hivewax completion zsh >> ~/.zshrc',
      'hivewax completion fish > ~/.config/fish/completions/hivewax.fish',
    ],
  },
  {
    path: 'complete',
    isHidden: true,
    summary: 'Print what may come next on a command line; for the scripts of completion',
    effect: 'read',
    positionals: [
      {
        name: 'words',
        type: 'text',
        isList: true,
        isVerbatim: true,
        description: 'The words so far, the begun one last',
      },
    ],
    options: [],
    examples: ['hivewax complete -- tasks cl'],
  },
  {
    path: 'help',
    summary: 'Show what a command does and takes',
    effect: 'read',
    positionals: [
      { name: 'words', type: 'text', isList: true, description: 'A command, or the first word of several' },
    ],
    options: [{ name: 'all', type: 'boolean', description: 'Everything that the help of each command says' }],
    examples: ['hivewax help', 'hivewax help store', 'hivewax help tasks claim'],
  },
  {
    path: 'version',
    summary: 'Show the versions of hivewax, Node and SQLite',
    effect: 'read',
    positionals: [],
    options: [],
    examples: ['hivewax version'],
  },
]

/** What the command line adds to the command of an operation that it shows in a way of its own. */
interface Addition {
  /** Its options that can be given in their place too. */
  readonly positionals: readonly string[]
  readonly options: readonly Field[]
  readonly examples: readonly string[]
}

/** By the words that call the command. */
export const additions: ReadonlyMap<string, Addition> = new Map([
  [
    'tasks graph',
    {
      positionals: ['rootId'],
      options: [
        {
          name: 'format',
          type: 'text',
          choices: ['ascii', 'mermaid', 'dot'],
          description: 'How to draw it; default: ascii, an outline for people',
        },
      ],
      examples: [
        'hivewax tasks graph add-login --format mermaid',
        'hivewax tasks graph --format dot | dot -Tsvg > tasks.svg',
      ],
    },
  ],
])

/**
 * The code of a command, loaded when it is run: of those above, and of operations that the command line shows in
 * a way of its own. All others run their operation and print what it gives.
 */
export const runners: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['events tail', () => import('./tail.ts')],
  ['events verify', () => import('./verify.ts')],
  ['shared watch', () => import('./watch.ts')],
  ['agents list', () => import('./agents-list.ts')],
  ['tasks board', () => import('./board.ts')],
  ['tasks graph', () => import('./graph.ts')],
  ['work', () => import('./work.ts')],
  ['doctor', () => import('./doctor.ts')],
  ['recover', () => import('./recover.ts')],
  ['lock run', () => import('./lock-run.ts')],
  ['migrate', () => import('./migrate.ts')],
  ['init', () => import('./init.ts')],
  ['hook', () => import('./hook.ts')],
  ['mcp', () => import('./mcp.ts')],
  ['serve', () => import('./serve.ts')],
  ['import', () => import('./import.ts')],
  ['shell', () => import('./shell.ts')],
  ['completion', () => import('./completion.ts')],
  ['complete', () => import('./complete.ts')],
  ['help', () => import('./help.ts')],
  ['version', () => import('./version.ts')],
])
