import type { Command } from '../command.ts'

/** Commands about this program. */
export const programCommands: readonly Command[] = [
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
