import type { IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import { isObject, type Json } from '../util/json.ts'
import { fieldsOf, isMemory, keptWhole, memoryItems } from './convert-memory.ts'
import { toAgent, toPattern, toSession, toTask } from './convert-records.ts'
import { fitName, textOf, toJson } from './convert-values.ts'
import type { Fields, Item, Origin } from './source.ts'

/** What a JSON document is, and how it is read. */
export interface Document {
  readonly format: string
  items(origin: Origin): Iterable<Item>
}

type JsonObject = { [name: string]: Json }

/** Recognizes a JSON document by its shape; undefined when it has none that is known. */
export function readDocument(value: Json): Document | undefined {
  if (Array.isArray(value)) return ofList(value)
  if (!isObject(value)) return undefined
  for (const shape of objectShapes) {
    const found = shape(value)
    if (found !== undefined) return found
  }
  return undefined
}

const objectShapes: readonly ((value: JsonObject) => Document | undefined)[] = [
  ofExport,
  ofCollections,
  ofHiveMind,
  ofPolicy,
  ofSession,
  ofNamespaces,
  ofPlain,
]

function ofList(list: readonly Json[]): Document | undefined {
  if (!list.every(isObject)) return undefined
  if (list.length > 0 && list.every(isPattern)) {
    return document('claude-flow patterns', origin => list.flatMap(fields => patternItems(fields, origin)))
  }
  const isKnown = list.every(fields => isMemory(fields) || 'id' in fields || isGraphLine(fields))
  if (!isKnown) return undefined
  return document('JSON records', origin => list.flatMap(fields => [...lineItems(fields, origin)]))
}

/** What one line of NDJSON, or one element of a list, holds. */
export function* lineItems(fields: JsonObject, origin: Origin): Generator<Item> {
  if (isGraphLine(fields)) yield graphItem(fields, origin)
  else if (isMemory(fields)) yield* memoryItems(fields, origin, { section: 'records' })
  else {
    const wrapped: Fields = {
      key: fields.id ?? null,
      value: fields,
      updated_at: fields.updatedAt ?? fields.updated_at ?? null,
    }
    yield* memoryItems(wrapped, origin, { section: 'records' })
  }
}

/** True of the objects of which files with a record in each line are made. */
export function isLine(value: Json): value is JsonObject {
  return isObject(value) && (isMemory(value) || 'id' in value || isGraphLine(value))
}

/** A line of the file that the server-memory of the Model Context Protocol keeps. */
function isGraphLine(value: JsonObject): boolean {
  if (value.type === 'entity') return textOf(value.name) !== undefined && Array.isArray(value.observations)
  return value.type === 'relation' && textOf(value.from) !== undefined && textOf(value.to) !== undefined
}

function graphItem(fields: JsonObject, origin: Origin): Item {
  const { type, ...value } = fields
  const isEntity = type === 'entity'
  const key = isEntity ? fields.name : `${fields.from} ${String(fields.relationType ?? '→')} ${fields.to}`
  const record: IncomingRecord = {
    kind: 'memory',
    namespace: isEntity ? 'entities' : 'relations',
    key: fitName(key),
    value,
    metadata: { imported: { from: isEntity ? 'entity' : 'relation' } },
    createdAt: origin.changedAt,
    updatedAt: origin.changedAt,
  }
  return { section: isEntity ? 'entity' : 'relation', record }
}

function document(format: string, items: (origin: Origin) => Iterable<Item>): Document {
  return { format, items }
}

function isPattern(fields: JsonObject): boolean {
  return 'id' in fields && 'content' in fields && 'confidence' in fields && !('key' in fields)
}

function patternItems(fields: JsonObject, origin: Origin): Item[] {
  const pattern: Item = { section: 'patterns', ...toPattern(fields, origin, 'patterns') }
  if (!Array.isArray(fields.embedding)) return [pattern]
  const section = 'patterns.embedding'
  if (!origin.vectors) return [pattern, { section, left: 'derived', count: 1 }]
  const vector = { id: fields.id ?? null, vector: fields.embedding }
  return [pattern, keptWhole({ section: 'embedding', id: toJson(fields.id), fields: vector }, origin)]
}

/** `{ schema: 'ruflo-memory-export/v1', entries: […] }` */
function ofExport(value: JsonObject): Document | undefined {
  const { entries } = value
  if (!Array.isArray(entries) || !(textOf(value.schema)?.includes('memory-export') ?? entries.every(isLine)))
    return undefined
  return document('claude-flow memory export', origin =>
    entries.flatMap(entry => [...memoryItems(fieldsOf(entry), origin, { section: 'entries' })]),
  )
}

/** `{ agents: { id: {…} }, version }`, and so for tasks and workflows. */
function ofCollections(value: JsonObject): Document | undefined {
  for (const [section, idName, read] of collections) {
    const all = value[section]
    if (all === undefined || !isObject(all) || !Object.values(all).every(isObject)) continue
    const isTold = Object.values(all).some(one => isObject(one) && idName in one)
    if (!isTold && !(Object.keys(all).length === 0 && 'version' in value)) continue
    const rest = { ...value, [section]: null, version: null }
    return document(`claude-flow ${section}`, origin => [
      ...Object.entries(all).map(([id, one]) => read({ id, ...fieldsOf(one) }, origin)),
      ...restItems(section, rest, origin),
    ])
  }
  return undefined
}

const collections: readonly [string, string, (fields: Fields, origin: Origin) => Item][] = [
  ['agents', 'agentId', (fields, origin) => ({ section: 'agents', ...toAgent(fields, origin, 'agents') })],
  ['tasks', 'taskId', (fields, origin) => ({ section: 'tasks', ...toTask(fields, origin, 'tasks') })],
  ['workflows', 'workflowId', workflowItem],
]

function workflowItem(fields: Fields): Item {
  const { id, ...state } = fields
  const record: IncomingRecord = {
    kind: 'workflow',
    id: fitName(id),
    workflowType: fitName(fields.name ?? 'imported'),
    state: toJson(state as Json),
  }
  return { section: 'workflows', record }
}

/** What stands beside the collection of a file, if anything does. */
function restItems(section: string, rest: JsonObject, origin: Origin): Item[] {
  const held = Object.entries(rest).filter(([, field]) => !isNothing(field))
  return held.map(([name, field]) => keptWhole({ section, id: name, fields: { [name]: field } }, origin))
}

function isNothing(field: Json): boolean {
  return field === null || (typeof field === 'object' && Object.keys(field).length === 0)
}

/** The state of a hive mind: what its members share is shared state here. Its token is left where it is. */
function ofHiveMind(value: JsonObject): Document | undefined {
  const { sharedMemory, consensus, hiveToken, workers, ...rest } = value
  if (!isObject(sharedMemory ?? null) || !('topology' in value) || consensus === undefined) return undefined
  const shared = isObject(sharedMemory ?? null) ? (sharedMemory as JsonObject) : {}
  const lists = isObject(consensus) ? Object.values(consensus).filter(Array.isArray).flat() : []
  const members = Array.isArray(workers) ? workers.filter(isMember) : []
  const ids = Array.isArray(workers) ? workers.filter(worker => !isMember(worker)) : []
  return document('claude-flow hive mind', origin => [
    ...Object.entries(shared).map(
      ([key, one]): Item => ({
        section: 'sharedMemory',
        record: { kind: 'shared', key: fitName(key), value: one },
      }),
    ),
    ...lists
      .map(fieldsOf)
      .map(fields => keptWhole({ section: 'consensus', id: toJson(fields.proposalId), fields }, origin)),
    ...members.map((one): Item => ({ section: 'workers', ...toAgent(one, origin, 'workers') })),
    keptWhole({ section: 'hive-mind', id: 'state', fields: { ...rest, workers: ids } }, origin),
    ...(hiveToken === undefined ? [] : [{ section: 'hiveToken', left: 'secret', count: 1 } as const]),
  ])
}

function isMember(worker: Json): worker is JsonObject {
  return isObject(worker) && textOf(worker.agentId ?? worker.id) !== undefined
}

/** The log of what the old product's policy allowed. */
function ofPolicy(value: JsonObject): Document | undefined {
  const { receipts, ...rest } = value
  if (!Array.isArray(receipts) || !('rules' in value) || !('mode' in value)) return undefined
  return document('claude-flow policy', origin => [
    ...receipts
      .map(fieldsOf)
      .map(fields => keptWhole({ section: 'receipts', id: toJson(fields.hash), fields }, origin)),
    keptWhole({ section: 'policy', id: 'state', fields: rest }, origin),
  ])
}

function ofSession(value: JsonObject): Document | undefined {
  const isSession =
    textOf(value.sessionId) !== undefined && ('savedAt' in value || 'stats' in value || 'startedAt' in value)
  if (!isSession) return undefined
  return document('claude-flow session', origin => [{ section: 'session', ...toSession(value, origin) }])
}

/** `{ namespace: [{ key, value, timestamp }] }` */
function ofNamespaces(value: JsonObject): Document | undefined {
  const lists = Object.entries(value)
  const isList = ([, list]: [string, Json]) =>
    Array.isArray(list) && list.every(one => isObject(one) && isMemory(one))
  if (lists.length === 0 || !lists.every(isList)) return undefined
  const all = lists.flatMap(([namespace, list]) =>
    (Array.isArray(list) ? list : []).map(one => ({ namespace, ...fieldsOf(one) })),
  )
  return document('claude-flow memory store', origin =>
    all.flatMap(fields => [...memoryItems(fields, origin, { section: 'entries' })]),
  )
}

/** `{ key: value }` */
function ofPlain(value: JsonObject): Document | undefined {
  const all = Object.entries(value)
  return document('JSON object', origin =>
    all.map(([key, one]): Item => {
      const { namespace, changedAt } = origin
      const times = { createdAt: changedAt, updatedAt: changedAt }
      return {
        section: 'keys',
        record: { kind: 'memory', namespace, key: fitName(key), value: one, ...times },
      }
    }),
  )
}
