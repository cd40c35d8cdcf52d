import type { Runner } from '../cli.ts'
import type { Command } from '../command.ts'

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
      'hivewax events tail --follow --types task_completed,task_failed',
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

/**
 * The code of a command, loaded when it is run: of those above, and of operations that the command line shows in
 * a way of its own. All others run their operation and print what it gives.
 */
export const runners: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['events tail', () => import('./tail.ts')],
  ['shared watch', () => import('./watch.ts')],
  ['doctor', () => import('./doctor.ts')],
  ['shell', () => import('./shell.ts')],
  ['completion', () => import('./completion.ts')],
  ['complete', () => import('./complete.ts')],
  ['help', () => import('./help.ts')],
  ['version', () => import('./version.ts')],
])
