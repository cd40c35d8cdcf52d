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
  { name: 'quiet', type: 'boolean', short: 'q', description: 'Print data and errors only' },
  { name: 'yes', type: 'boolean', short: 'y', description: 'Do not ask before data is destroyed' },
  { name: 'input', type: 'boolean', isOn: true, description: 'Never ask anything' },
  { name: 'color', type: 'boolean', isOn: true, description: 'No colours; so do NO_COLOR and TERM=dumb' },
  { name: 'debug', type: 'boolean', description: 'Show where an error comes from' },
  { name: 'help', type: 'boolean', short: 'h', description: 'Show what a command does and takes' },
  { name: 'version', type: 'boolean', short: 'V', description: 'Show the version' },
]
