import { type Resource, ResourceNotFoundError, type ResourceTemplateType } from '@modelcontextprotocol/server'
import { type OperationName, operationOf } from '../operations.ts'
import type { Json } from '../util/json.ts'
import { notice } from '../util/model-text.ts'
import { fitItems, plain, roomFor } from './budget.ts'
import { type Arguments, ask, type Caller } from './caller.ts'

/** Records with an address: `hivewax://kind` and then the values of `parts`, each percent-encoded. */
interface Kind {
  readonly kind: string
  readonly parts: readonly string[]
  readonly title: string
  readonly operation: OperationName
  readonly input?: Arguments
  /** Makes a part what the operation takes. Default: text. */
  readonly toValue?: typeof Number | typeof String
}

const scheme = 'hivewax://'

const kinds: readonly Kind[] = [
  { kind: 'memory', parts: [], title: 'Namespaces of memory', operation: 'kv.namespaces' },
  {
    kind: 'tasks',
    parts: [],
    title: 'Tasks, latest first',
    operation: 'tasks.list',
    input: { order: 'desc' },
  },
  { kind: 'sessions', parts: [], title: 'Sessions', operation: 'sessions.list' },
  { kind: 'shared', parts: [], title: 'Shared state', operation: 'shared.list' },
  {
    kind: 'events',
    parts: [],
    title: 'Events, latest first',
    operation: 'events.list',
    input: { order: 'desc' },
  },
  { kind: 'agents', parts: [], title: 'Agents', operation: 'agents.list' },
  { kind: 'workflows', parts: [], title: 'Workflows', operation: 'workflows.list' },
  { kind: 'patterns', parts: [], title: 'Learned patterns', operation: 'patterns.list' },
  { kind: 'locks', parts: [], title: 'Locks that are held', operation: 'locks.list' },
  { kind: 'votes', parts: [], title: 'Proposals and votes', operation: 'consensus.list' },
  {
    kind: 'memory',
    parts: ['namespace'],
    title: 'Keys of a namespace',
    operation: 'kv.search',
    input: { glob: '*' },
  },
  { kind: 'memory', parts: ['namespace', 'key'], title: 'A record of memory', operation: 'kv.get' },
  { kind: 'tasks', parts: ['id'], title: 'A task', operation: 'tasks.get' },
  { kind: 'sessions', parts: ['id'], title: 'A session', operation: 'sessions.get' },
  { kind: 'shared', parts: ['key'], title: 'A key of the shared state', operation: 'shared.get' },
  { kind: 'events', parts: ['id'], title: 'An event', operation: 'events.get', toValue: Number },
  { kind: 'agents', parts: ['id'], title: 'An agent', operation: 'agents.get' },
  {
    kind: 'agents',
    parts: ['agentId', 'key'],
    title: "A key of an agent's own memory",
    operation: 'agents.retrieveMemory',
  },
  { kind: 'workflows', parts: ['id'], title: 'A workflow', operation: 'workflows.get' },
  { kind: 'patterns', parts: ['id'], title: 'A learned pattern', operation: 'patterns.get' },
  { kind: 'locks', parts: ['name'], title: 'A lock', operation: 'locks.get' },
  { kind: 'votes', parts: ['key'], title: 'A proposal and its votes', operation: 'consensus.get' },
]

const mimeType = 'application/json'

/** The resources that are always there: the lists. */
export const resources: readonly Resource[] = kinds
  .filter(({ parts }) => parts.length === 0)
  .map(({ kind, title }) => ({ uri: scheme + kind, name: kind, title, mimeType }))

/** How to address a single record. */
export const resourceTemplates: readonly ResourceTemplateType[] = kinds
  .filter(({ parts }) => parts.length > 0)
  .map(({ kind, parts, title }) => ({
    uriTemplate: `${scheme}${[kind, ...parts.map(part => `{${part}}`)].join('/')}`,
    name: [kind, ...parts].join('-'),
    title,
    mimeType,
  }))

/** The address of a record: `uriOf('memory', 'default', 'a/b')` is `hivewax://memory/default/a%2Fb`. */
export function uriOf(kind: string, ...values: readonly string[]): string {
  return scheme + [kind, ...values.map(encodeURIComponent)].join('/')
}

/**
 * What is at an address, as JSON that says that it is data. A record is whole; a list is an index within the usual
 * budget.
 * @throws ResourceNotFoundError for an address that is none, or where nothing is
 */
export async function readResource(uri: string, caller: Caller): Promise<string> {
  const { operation, input } = locate(uri)
  const found = plain(await ask(operationOf(operation), input, caller))
  if (found === null) throw new ResourceNotFoundError(uri)
  return JSON.stringify({ notice, ...content(found) }, null, 1)
}

function content(found: Json): Record<string, Json> {
  const list = typeof found === 'object' && found !== null && !Array.isArray(found) ? found.items : undefined
  if (!Array.isArray(list)) return { data: found }
  const { items } = fitItems(list, roomFor())
  const isAll = items.length === list.length && (found as { cursor?: Json }).cursor === undefined
  return { data: items, ...(!isAll && { note: 'There are more: list them with a tool.' }) }
}

function locate(uri: string): { operation: OperationName; input: Arguments } {
  const [kind, ...values] = uri.startsWith(scheme) ? uri.slice(scheme.length).split('/').map(decoded) : []
  const found = kinds.find(({ kind: name, parts }) => name === kind && parts.length === values.length)
  if (found === undefined || values.some(value => !value)) throw new ResourceNotFoundError(uri)
  const { toValue = String } = found
  const named = found.parts.map((part, i): [string, unknown] => [part, toValue(values[i])])
  const input = { ...found.input, ...Object.fromEntries(named) }
  return { operation: found.operation, input }
}

/** Undefined for what is not percent-encoded as it must be. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
