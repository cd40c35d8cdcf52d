import type { Command } from '../command.ts'

/** Commands that show what happens as it happens. */
export const followCommands: readonly Command[] = [
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
]
