import type { Field } from '../command.ts'

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
