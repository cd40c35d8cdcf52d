import { commandPath } from '../../src/cli/describe.ts'
import { operations } from '../../src/operations.ts'
import { code, paragraphs } from './markdown.ts'
import { classIn, type Declared, functionIn, typesIn } from './source.ts'

/** A class of the library, and how a user gets at it. */
interface Api {
  readonly title: string
  readonly file: string
  readonly name: string
  /** The files of the types that are shown with it. Default: its own. */
  readonly types?: readonly string[]
  /** The domain of its operations. */
  readonly domain?: string
}

const apis: readonly Api[] = [
  { title: 'memory, and the handle of a transaction', file: 'transaction.ts', name: 'Transaction' },
  { title: 'memory, outside of transactions', file: 'memory.ts', name: 'Memory' },
  { title: 'memory.kv', file: 'kv/kv.ts', name: 'Kv', domain: 'kv' },
  { title: 'memory.history', file: 'history/history.ts', name: 'History', domain: 'history' },
  { title: 'memory.sessions', file: 'sessions/sessions.ts', name: 'Sessions', domain: 'sessions' },
  { title: 'memory.agents', file: 'agents/agents.ts', name: 'Agents', domain: 'agents' },
  {
    title: 'memory.tasks',
    file: 'tasks/tasks.ts',
    name: 'Tasks',
    types: [
      'tasks/claim-reports.ts',
      'tasks/task-changes.ts',
      'tasks/comments.ts',
      'tasks/prune-tasks.ts',
      'tasks/redrive.ts',
    ],
    domain: 'tasks',
  },
  { title: 'memory.shared', file: 'shared/shared.ts', name: 'SharedState', domain: 'shared' },
  { title: 'memory.events', file: 'events/events.ts', name: 'Events', domain: 'events' },
  { title: 'memory.patterns', file: 'patterns/patterns.ts', name: 'Patterns', domain: 'patterns' },
  { title: 'memory.metrics', file: 'metrics/metrics.ts', name: 'Metrics', domain: 'metrics' },
  { title: 'memory.workflows', file: 'workflows/workflows.ts', name: 'Workflows', domain: 'workflows' },
  { title: 'memory.topology', file: 'topology/topology.ts', name: 'Topology', domain: 'topology' },
  { title: 'memory.consensus', file: 'consensus/consensus.ts', name: 'Consensus', domain: 'consensus' },
  { title: 'memory.locks', file: 'locks/locks.ts', name: 'Locks', domain: 'locks' },
  {
    title: 'memory.reservations',
    file: 'reservations/reservations.ts',
    name: 'Reservations',
    domain: 'reservations',
  },
  { title: 'memory.tokens', file: 'tokens/tokens.ts', name: 'Tokens', domain: 'tokens' },
  {
    title: 'memory.maintenance',
    file: 'maintenance/maintenance.ts',
    name: 'Maintenance',
    domain: 'maintenance',
  },
]

/** Every method with its signature and what its doc comment promises. */
export function api(): string {
  return paragraphs(opening(), ...apis.map(describe))
}

function opening(): string {
  const { name, text, doc } = functionIn('open.ts', 'openMemory')
  return paragraphs(`## ${name}`, code('ts', text), doc, types('store/open-options.ts'))
}

function describe(entry: Api): string {
  const { doc, methods } = classIn(entry.file, entry.name)
  const described = methods.map(method => describeMethod(method, entry))
  return paragraphs(`## ${entry.title}`, doc, ...described, types(...(entry.types ?? [entry.file])))
}

function describeMethod({ name, text, doc }: Declared, { domain }: Api): string {
  const prefix = domain === undefined ? 'memory' : `memory.${domain}`
  return paragraphs(`### ${prefix}.${name}`, code('ts', text), doc, door(`${domain}.${name}`))
}

/** The command of an operation, and who may call it. */
function door(operationName: string): string {
  const operation = operations.find(({ name }) => name === operationName)
  if (operation === undefined) return ''
  const { name, effect, permission } = operation
  return `Command: \`hivewax ${commandPath(name)}\` · ${effect} · \`${permission}\``
}

function types(...files: readonly string[]): string {
  const declared = files.flatMap(typesIn).map(({ text, doc }) => (doc ? `/** ${doc} */\n${text}` : text))
  return code('ts', declared.join('\n\n'))
}
