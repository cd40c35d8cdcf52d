import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/server'
import { InvalidInput } from '../errors.ts'
import { type OperationName, operationOf } from '../operations.ts'
import type { JsonSchema } from '../schemas.ts'
import { describe } from '../util/check.ts'
import { assertUnrounded } from '../util/exact-json.ts'
import type { Json } from '../util/json.ts'
import { escaped, notice } from '../util/model-text.ts'
import { fitItems, fitValue, plain, roomFor } from './budget.ts'
import { type Arguments, ask, type Caller } from './caller.ts'
import { readInput } from './read-input.ts'
import { noTool, type Toolbox } from './toolbox.ts'

/**
 * The memory tools of claude-flow, by the names, fields and answers of its releases 2 and 3, over this memory. One of
 * them, `memory_usage`, both reads and writes, as it did there.
 */
interface CompatTool {
  readonly name: string
  readonly description: string
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required: readonly string[]
  readonly isRead: boolean
  run(args: Arguments, caller: Caller): Promise<Reply>
}

type Reply = Record<string, Json>

const text = { type: 'string' }
const number = { type: 'number' }
const place = { namespace: text }

/** Values were never cut there; an answer that clients take without a warning has this many tokens. */
const usualTokens = 10_000

const compatTools: readonly CompatTool[] = [
  {
    name: 'memory_store',
    description: 'Store a value under a key; it is on disk when this answers. ttl: seconds.',
    properties: {
      key: text,
      value: {},
      ...place,
      tags: { type: 'array', items: text },
      ttl: number,
      upsert: { type: 'boolean' },
    },
    required: ['key', 'value'],
    isRead: false,
    run: store,
  },
  {
    name: 'memory_retrieve',
    description: 'Get the value of a key.',
    properties: { key: text, ...place },
    required: ['key'],
    isRead: true,
    run: retrieve,
  },
  {
    name: 'memory_search',
    description: 'Find entries by the words in them; with * or ?, by their key.',
    properties: { query: text, pattern: text, ...place, limit: number },
    required: [],
    isRead: true,
    run: search,
  },
  {
    name: 'memory_list',
    description: 'List entries by key.',
    properties: { ...place, limit: number, offset: number },
    required: [],
    isRead: true,
    run: list,
  },
  {
    name: 'memory_delete',
    description: 'Delete a key.',
    properties: { key: text, ...place },
    required: ['key'],
    isRead: false,
    run: remove,
  },
  {
    name: 'memory_stats',
    description: 'How much is stored.',
    properties: {},
    required: [],
    isRead: true,
    run: stats,
  },
  {
    name: 'memory_usage',
    description: 'Store, retrieve, list, delete or search.',
    properties: {
      action: { type: 'string', enum: ['store', 'retrieve', 'list', 'delete', 'search'] },
      key: text,
      value: text,
      ...place,
      ttl: number,
    },
    required: ['action'],
    isRead: false,
    run: usage,
  },
]

/** The tools of claude-flow; see {@link CompatTool}. */
export const claudeFlowToolbox: Toolbox = {
  list: compatTools.map(described),
  call: async (name, args, caller) => {
    const tool = compatTools.find(tool => tool.name === name) ?? noTool(name)
    assertUnrounded(name, args as Reply)
    return toResult(await tool.run(readInput(args as Reply, inputSchemaOf(tool)) as Arguments, caller))
  },
}

function inputSchemaOf({ properties, required }: CompatTool): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}

function described(tool: CompatTool): McpTool {
  const { name, description, isRead } = tool
  // The schemas are plain JSON; their type here does not say so.
  return {
    name,
    title: name.replace('_', ' '),
    description,
    inputSchema: inputSchemaOf(tool),
    annotations: {
      readOnlyHint: isRead,
      destructiveHint: !isRead,
      idempotentHint: true,
      openWorldHint: false,
    },
  } as unknown as McpTool
}

/** Those answers were one JSON document, and so are these. */
function toResult(reply: Reply): CallToolResult {
  const content = { ...reply, notice }
  return { content: [{ type: 'text', text: escaped(content) }] }
}

const run = (operation: OperationName, input: Arguments, caller: Caller) =>
  ask(operationOf(operation), input, caller)

async function store(args: Arguments, caller: Caller): Promise<Reply> {
  const { key, value, namespace = 'default', tags, ttl, upsert } = args
  const input = {
    key,
    value,
    namespace,
    ...(tags !== undefined && { metadata: { tags } }),
    ...(ttl !== undefined && { ttl }),
    ...(upsert === false && { ifAbsent: true }),
  }
  const { revision } = (await run('kv.store', input, caller)) as { revision: number }
  return { success: true, stored: true, key: String(key), namespace: String(namespace), revision }
}

async function retrieve({ key, namespace = 'default' }: Arguments, caller: Caller): Promise<Reply> {
  const at = { key: plain(key), namespace: plain(namespace) }
  const record = plain(await run('kv.get', { key, namespace }, caller))
  if (record === null) return { success: true, ...at, value: null, found: false }
  return { success: true, found: true, ...fitted(record) }
}

function fitted(record: Json): Reply {
  const { value } = fitValue(record, roomFor(usualTokens))
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value }
}

async function search(args: Arguments, caller: Caller): Promise<Reply> {
  const { query, pattern = query, namespace, limit = 10 } = args
  if (typeof pattern !== 'string') throw new InvalidInput('memory_search needs a query')
  const results = await found(pattern, { namespace, limit }, caller)
  return { success: true, query: pattern, ...shown('results', results) }
}

/** By words; by key where the text is a glob, or no word of it is found. */
async function found(text: string, { namespace, limit }: Arguments, caller: Caller): Promise<Json[]> {
  const isGlob = /[*?]/.test(text)
  const place = namespace === undefined ? {} : { namespace }
  const words = isGlob
    ? []
    : itemsOf(await run('find.find', { text, in: ['memory'], limit, ...place }, caller))
  if (words.length > 0) return words
  const glob = isGlob ? text : `*${text.replaceAll(/[[\]*?]/g, '[$&]')}*`
  return itemsOf(await run('kv.search', { glob, namespace: namespace ?? '*', limit }, caller))
}

async function list({ namespace = '*', limit = 50, offset = 0 }: Arguments, caller: Caller): Promise<Reply> {
  const start = Number(offset)
  const items = itemsOf(
    await run('kv.search', { glob: '*', namespace, limit: Number(limit) + start }, caller),
  )
  const counts = (await namespaces(caller)).filter(([name]) => namespace === '*' || name === namespace)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return { success: true, ...shown('entries', items.slice(start)), total }
}

/** As many as fit. */
function shown(name: string, all: readonly Json[]): Reply {
  const { items } = fitItems(all, roomFor(usualTokens))
  const more = all.length - items.length
  return { [name]: items, count: items.length, ...(more > 0 && { more }) }
}

function itemsOf(page: unknown): Json[] {
  const { items } = plain(page) as { items: Json[] }
  return items
}

async function namespaces(caller: Caller): Promise<[name: string, count: number][]> {
  const items = itemsOf(await run('kv.namespaces', { limit: 10_000 }, caller))
  return (items as { namespace: string; count: number }[]).map(({ namespace, count }) => [namespace, count])
}

async function remove({ key, namespace = 'default' }: Arguments, caller: Caller): Promise<Reply> {
  const deleted = (await run('kv.delete', { key, namespace }, caller)) === true
  return { success: true, deleted, key: plain(key), namespace: plain(namespace) }
}

async function stats(_args: Arguments, caller: Caller): Promise<Reply> {
  const counts = await namespaces(caller)
  const totalEntries = counts.reduce((sum, [, count]) => sum + count, 0)
  const shownCounts = fitValue(Object.fromEntries(counts), roomFor()).value
  return { success: true, backend: 'hivewax', totalEntries, namespaces: shownCounts }
}

function usage({ action, ...args }: Arguments, caller: Caller): Promise<Reply> {
  const actions: Readonly<Record<string, CompatTool['run']>> = {
    store,
    retrieve,
    list,
    delete: remove,
    search: usageSearch,
  }
  const chosen = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined
  if (chosen !== undefined) return chosen({ namespace: 'default', ...args }, caller)
  throw new InvalidInput(`action must be one of ${Object.keys(actions).join(', ')}, got ${describe(action)}`)
}

/** Its text may be in any of three fields. */
function usageSearch(args: Arguments, caller: Caller): Promise<Reply> {
  const { key, value } = args
  return search({ query: value ?? key, ...args }, caller)
}
