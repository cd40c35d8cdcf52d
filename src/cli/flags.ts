import { InvalidInput } from '../errors.ts'
import { type AnyView, allColumnNames, columnNames } from '../view.ts'
import type { Field } from './command.ts'

/** What every command takes besides its own options. */
export interface Flags {
  readonly url?: string
  readonly agent?: string
  readonly durability?: 'full' | 'normal'
  readonly readOnly?: boolean
  readonly json?: boolean
  readonly plain?: boolean
  readonly quiet?: boolean
  readonly csv?: boolean
  readonly wide?: boolean
  readonly columns?: readonly string[]
  readonly yes?: boolean
  /** False for `--no-input`: never ask, even on a terminal. */
  readonly input?: boolean
  readonly color?: boolean
  readonly debug?: boolean
  readonly help?: boolean
  readonly version?: boolean
}

/** The fields of {@link Flags}, for parsing and help. Their names must not be those of an operation's input. */
export const flagFields: readonly Field[] = [
  {
    name: 'url',
    type: 'text',
    description:
      'The memory to use: a file or URL; default: $HIVEWAX_URL, .swarm/config.json, .swarm/memory.db',
  },
  { name: 'db', type: 'text', description: 'The same as --url' },
  { name: 'agent', type: 'text', description: 'Act as this agent; default: $HIVEWAX_AGENT' },
  {
    name: 'durability',
    type: 'text',
    choices: ['full', 'normal'],
    description: 'full: writes survive a power cut; normal: faster, they survive the end of the process only',
  },
  {
    name: 'readOnly',
    type: 'boolean',
    description: 'Write nothing, whatever the command; also $HIVEWAX_READ_ONLY',
  },
  { name: 'json', type: 'boolean', description: 'Print one JSON document: { "ok": true, "data": … }' },
  { name: 'plain', type: 'boolean', description: 'Print lines of tab-separated fields, nothing shortened' },
  {
    name: 'quiet',
    type: 'boolean',
    short: 'q',
    description: 'Print data and errors only; of a list, the ids or keys',
  },
  { name: 'yes', type: 'boolean', short: 'y', description: 'Do not ask before data is destroyed' },
  { name: 'input', type: 'boolean', isOn: true, description: 'Never ask anything' },
  { name: 'color', type: 'boolean', isOn: true, description: 'No colours; so do NO_COLOR and TERM=dumb' },
  { name: 'debug', type: 'boolean', description: 'Show where an error comes from' },
  { name: 'help', type: 'boolean', short: 'h', description: 'Show what a command does and takes' },
  { name: 'version', type: 'boolean', short: 'V', description: 'Show the version' },
]

/** The flags that commands take which list records. */
export function listFlags(view: AnyView): Field[] {
  return [
    {
      name: 'columns',
      type: 'text',
      isList: true,
      isFlag: true,
      choices: allColumnNames(view),
      description: `What to show, in this order; default: ${columnNames(view).join(', ')}`,
    },
    {
      name: 'csv',
      type: 'boolean',
      isFlag: true,
      description: 'Print CSV with all fields, or those of --columns',
    },
    {
      name: 'wide',
      type: 'boolean',
      isFlag: true,
      description: 'Show all columns, whole ids and exact times',
    },
  ]
}

/** @throws InvalidInput for flags that ask for two forms of the same list */
export function assertOneForm({ json, plain, csv, columns, wide }: Flags): void {
  if (json && (csv || wide || columns !== undefined))
    throw new InvalidInput('--json prints whole records', { hint: 'Leave out --csv, --columns and --wide.' })
  if (plain && csv)
    throw new InvalidInput('--plain and --csv are two forms', { hint: 'Leave out one of them.' })
}
