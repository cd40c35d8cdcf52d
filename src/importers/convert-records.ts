import type {
  IncomingAgent,
  IncomingMetric,
  IncomingPattern,
  IncomingSession,
  IncomingTask,
} from '../maintenance/transfer/incoming-record.ts'
import { isObject, type Json } from '../util/json.ts'
import {
  decodeValue,
  digest,
  filled,
  firstTime,
  fitName,
  numberIn,
  textOf,
  toJson,
  toTime,
  withImported,
} from './convert-values.ts'
import type { Fields, Origin } from './source.ts'

/** A made record, and how many of its fields went into metadata. */
interface Converted<T> {
  record: T
  inMetadata: number
}

const createdNames = ['created_at', 'createdAt', 'savedAt', 'ts', 'timestamp', 'startedAt']
const updatedNames = ['updated_at', 'updatedAt', 'last_accessed', 'lastAccessed', ...createdNames]

function times(fields: Fields, { changedAt }: Origin): { createdAt: Date; updatedAt: Date } {
  const updatedAt = firstTime(fields, updatedNames) ?? changedAt
  return { createdAt: firstTime(fields, createdNames) ?? updatedAt, updatedAt }
}

/** Splits off what has a field of its own; the rest goes into metadata. */
function rest(
  fields: Fields,
  placed: readonly string[],
  from: string,
): { metadata: Json; inMetadata: number } {
  const own = new Set([...placed, 'metadata', 'embedding', ...createdNames, ...updatedNames])
  const left = filled(fields, own)
  return { metadata: withImported(toJson(fields.metadata), from, left), inMetadata: Object.keys(left).length }
}

/** A learned pattern: of ReasoningBank, of version 3, of a reasoning table, or of a file of patterns. */
export function toPattern(fields: Fields, origin: Origin, from: string): Converted<IncomingPattern> {
  const { data, used } = patternData(fields)
  const { metadata, inMetadata } = rest(fields, [...used, ...patternFields], from)
  const successes = numberIn(fields.success_count, 0, 1e9) ?? 0
  const failures = numberIn(fields.failure_count, 0, 1e9) ?? 0
  const record: IncomingPattern = {
    kind: 'pattern',
    id: patternId(fields, data, from),
    type: fitName(fields.type ?? fields.pattern_type ?? fields.task_type ?? fields.domain ?? 'reasoning'),
    patternData: data,
    confidence: numberIn(fields.confidence ?? fields.success_rate, 0, 1) ?? 0,
    usageCount: Math.round(
      numberIn(fields.usage_count ?? fields.usageCount ?? fields.uses, 0, 1e9) ?? successes + failures,
    ),
    successes,
    failures,
    metadata,
    ...times(fields, origin),
    lastUsed: firstTime(fields, ['last_used', 'lastUsedAt', 'last_matched_at']),
  }
  return { record, inMetadata }
}

const patternFields = [
  ...[
    'id',
    'type',
    'pattern_type',
    'task_type',
    'confidence',
    'success_rate',
    'usage_count',
    'usageCount',
    'uses',
  ],
  ...['success_count', 'failure_count', 'last_used', 'lastUsedAt', 'last_matched_at'],
]

const describing = [
  'name',
  'condition',
  'action',
  'description',
  'approach',
  'problem',
  'solution',
  'rationale',
  'content',
]

function patternData(fields: Fields): { data: Json; used: string[] } {
  if (textOf(fields.pattern_data) !== undefined) {
    return { data: decodeValue(fields.pattern_data), used: ['pattern_data'] }
  }
  const used = describing.filter(name => toJson(fields[name]) !== null)
  return { data: Object.fromEntries(used.map(name => [name, toJson(fields[name])])), used }
}

/** Numbers begin anew in every file, so that they identify a pattern only together with its content. */
function patternId({ id, ts }: Fields, data: Json, from: string): string {
  return textOf(id) === undefined
    ? `${from}-${digest(JSON.stringify([toJson(id), toJson(ts), data]))}`
    : fitName(id)
}

export function toSession(fields: Fields, origin: Origin): Converted<IncomingSession> {
  const { createdAt, updatedAt } = times(fields, origin)
  const id = fields.id ?? fields.sessionId
  const state = 'state' in fields ? decodeValue(fields.state) : undefined
  const left = filled(fields, new Set(['id', 'state']))
  const expiresAt = firstTime(fields, ['expires_at', 'expiresAt'])
  const record: IncomingSession = {
    kind: 'session',
    id: fitName(id),
    data: state === undefined ? left : { ...(isObject(state) ? state : { state }), imported: left },
    createdAt,
    lastAccessed: updatedAt,
    expiresAt,
  }
  return { record, inMetadata: state === undefined ? 0 : Object.keys(left).length }
}

export function toAgent(fields: Fields, origin: Origin, from: string): Converted<IncomingAgent> {
  const { createdAt, updatedAt } = times(fields, origin)
  const capabilities = toJson(fields.capabilities)
  const isList =
    Array.isArray(capabilities) && capabilities.every(name => typeof name === 'string' && name !== '')
  const placed = [
    'id',
    'agentId',
    'type',
    'agentType',
    'swarm_id',
    'swarmId',
    ...(isList ? ['capabilities'] : []),
  ]
  const { metadata, inMetadata } = rest(fields, placed, from)
  const swarmId = textOf(fields.swarm_id ?? fields.swarmId)
  const record: IncomingAgent = {
    kind: 'agent',
    id: fitName(fields.id ?? fields.agentId),
    type: fitName(fields.type ?? fields.agentType ?? 'agent'),
    capabilities: isList ? [...new Set(capabilities.map(name => fitName(name)))] : [],
    swarmId: swarmId && fitName(swarmId),
    metadata,
    createdAt,
    lastActive: updatedAt,
  }
  return { record, inMetadata }
}

const statuses = new Map<unknown, IncomingTask['status']>([
  ['completed', 'completed'],
  ['done', 'completed'],
  ['success', 'completed'],
  ['failed', 'failed'],
  ['error', 'failed'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
])

export function toTask(fields: Fields, origin: Origin, from: string): Converted<IncomingTask> {
  const { createdAt, updatedAt } = times(fields, origin)
  const status = statuses.get(fields.status) ?? 'pending'
  const priority = toPriority(fields.priority)
  const isExact = fields.status === status
  // A pending task has no assignee; its payload keeps the one that it had.
  const assignee = status === 'pending' ? undefined : textOf(fields.assigned_to ?? fields.agent_id)
  const placed = [
    ...['id', 'taskId', 'description', 'result'],
    ...(isExact ? ['status'] : []),
    ...(fields.priority === priority ? ['priority'] : []),
    ...(assignee === undefined ? [] : ['assigned_to', 'agent_id']),
  ]
  const { metadata, inMetadata } = rest(fields, [...placed, 'completed_at', 'completedAt'], from)
  const completedAt = firstTime(fields, ['completed_at', 'completedAt'])
  const record: IncomingTask = {
    kind: 'task',
    id: fitName(fields.id ?? fields.taskId),
    description: fitName(fields.description ?? fields.objective ?? fields.id ?? fields.taskId, 65_536),
    status,
    priority,
    assignedTo: assignee && fitName(assignee),
    payload: metadata,
    result: toJson(fields.result) ?? undefined,
    createdAt,
    updatedAt: status === 'pending' ? updatedAt : (completedAt ?? updatedAt),
    completedAt: status === 'pending' ? undefined : (completedAt ?? updatedAt),
  }
  return { record, inMetadata }
}

/** Words, or numbers of which 5 is the usual and more is more urgent. */
function toPriority(priority: Json | Uint8Array | undefined): IncomingTask['priority'] {
  if (typeof priority === 'number') {
    return priority >= 9 ? 'critical' : priority >= 7 ? 'high' : priority >= 4 ? 'medium' : 'low'
  }
  return priority === 'low' || priority === 'high' || priority === 'critical' ? priority : 'medium'
}

/** A measurement; undefined when it holds no number. */
export function toMetric(fields: Fields, origin: Origin, from: string): IncomingMetric | undefined {
  const { metric_name: name, value, id } = fields
  if (typeof value !== 'number' || textOf(name) === undefined) return undefined
  return {
    kind: 'metric',
    name: fitName(name),
    value,
    tags: { from, id: String(toJson(id)) },
    timestamp: toTime(fields.timestamp) ?? origin.changedAt,
  }
}
