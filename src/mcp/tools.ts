import type { OperationName } from '../operations.ts'

/** A tool of the server: a group of operations of one concept and one effect. */
export interface Tool {
  readonly name: string
  readonly title: string
  /** Static: what is stored never shows in it. */
  readonly description: string
  /** `destroy` when it may lose or overwrite what is stored. */
  readonly effect: 'read' | 'write' | 'destroy'
  /** Calling it twice with the same arguments does no more than calling it once. */
  readonly isIdempotent: boolean
  /** The operations behind it. */
  readonly operations: readonly OperationName[]
  /**
   * How a call names one of them: by `action`, else by the fields that it gives; the operation that has the most of
   * its required fields among them is meant.
   */
  readonly chosenBy: 'action' | 'fields'
  /** What `action` is when it is left out. */
  readonly defaultAction?: OperationName
  /** Fields of its operations that the schema leaves out, to be short; they are understood all the same. */
  readonly unlisted?: readonly string[]
}

/** All tools, in the order of the list. A read and a write never share one. */
export const tools: readonly Tool[] = [
  {
    name: 'briefing',
    title: 'Catch up',
    description:
      'Where things stand, in one call: tasks, decisions, shared state, agents, last session. Call it first.',
    effect: 'read',
    isIdempotent: true,
    operations: [],
    chosenBy: 'action',
  },
  {
    name: 'recall',
    title: 'Recall memory',
    description:
      "text: full-text search over everything. key: one whole record (offset: go on in a long value). keys: several values. glob: index of keys; namespace * is all. agentId: an agent's own memory. Nothing: the namespaces.",
    effect: 'read',
    isIdempotent: true,
    operations: [
      'find.find',
      'kv.get',
      'kv.retrieveMany',
      'kv.search',
      'agents.retrieveMemory',
      'agents.listMemory',
      'kv.namespaces',
    ],
    chosenBy: 'fields',
  },
  {
    name: 'remember',
    title: 'Remember',
    description:
      "Store JSON under a key, replacing what was there. records: many {key, value, namespace, ttl}, all or none. ttl: seconds. expectedRevision: only if unchanged (0: if absent). agentId: the agent's own memory.",
    effect: 'destroy',
    isIdempotent: true,
    operations: ['kv.store', 'kv.storeMany', 'agents.storeMemory'],
    chosenBy: 'fields',
    unlisted: ['expiresAt', 'ifAbsent'],
  },
  {
    name: 'forget',
    title: 'Delete',
    description:
      'Delete for good: a key of memory (kv.delete, the default) or another record. tasks.cancel cancels dependents too.',
    effect: 'destroy',
    isIdempotent: true,
    operations: [
      'kv.delete',
      'kv.clearNamespace',
      'agents.deleteMemory',
      'agents.delete',
      'sessions.delete',
      'shared.delete',
      'tasks.cancel',
      'tasks.delete',
      'workflows.delete',
      'patterns.delete',
      'consensus.delete',
    ],
    chosenBy: 'action',
    defaultAction: 'kv.delete',
    unlisted: ['updatedBy', 'force', 'cascade', 'expectedVersion'],
  },
  {
    name: 'tasks_read',
    title: 'Look at tasks',
    description: 'list: an index. get {id}: all of one. graph: who waits for whom.',
    effect: 'read',
    isIdempotent: true,
    operations: ['tasks.list', 'tasks.get', 'tasks.graph', 'tasks.counts', 'tasks.queues'],
    chosenBy: 'action',
    defaultAction: 'tasks.list',
    unlisted: ['priority', 'rootId', 'order'],
  },
  {
    name: 'tasks_write',
    title: 'Work on tasks',
    description:
      "create {description, dependencies: [ids]}; createMany {tasks}. claim gives tasks with id and token: pass both to heartbeat (within leaseMs, 30 s), complete {result}, fail {error} or release. A stale token is refused: the task is somebody else's. redrive: try a failed one anew.",
    effect: 'write',
    isIdempotent: false,
    operations: [
      'tasks.create',
      'tasks.createMany',
      'tasks.claim',
      'tasks.heartbeat',
      'tasks.complete',
      'tasks.fail',
      'tasks.release',
      'tasks.redrive',
    ],
    chosenBy: 'action',
    unlisted: ['requires', 'capabilities', 'runAt', 'createdBy', 'backoff', 'retry', 'delayMs', 'agentId'],
  },
  {
    name: 'state_read',
    title: 'Look at state',
    description: 'Shared state, sessions, workflows, learned patterns: lists are indexes, get shows one.',
    effect: 'read',
    isIdempotent: true,
    operations: [
      'shared.list',
      'shared.get',
      'shared.history',
      'sessions.list',
      'sessions.get',
      'workflows.list',
      'workflows.get',
      'workflows.history',
      'workflows.steps',
      'patterns.list',
      'patterns.get',
    ],
    chosenBy: 'action',
    defaultAction: 'shared.list',
    unlisted: ['workflowType', 'minConfidence'],
  },
  {
    name: 'state_write',
    title: 'Change state',
    description:
      'shared.update {key, value, expectedVersion}: refused with the current value if somebody was faster. sessions.update merges patch. workflows.completeStep {id, name, result}: the first result stays. patterns.recordOutcome {id, success} moves its confidence.',
    effect: 'destroy',
    isIdempotent: false,
    operations: [
      'shared.update',
      'shared.transact',
      'sessions.create',
      'sessions.resume',
      'sessions.update',
      'workflows.save',
      'workflows.completeStep',
      'patterns.store',
      'patterns.recordOutcome',
    ],
    chosenBy: 'action',
    defaultAction: 'shared.update',
    unlisted: ['updatedBy', 'lease', 'iteration', 'decay', 'checkpoint', 'workflowType', 'metadata', 'else'],
  },
  {
    name: 'swarm_read',
    title: 'Look at the swarm',
    description: 'Agents and what they hold, locks and leaders, votes, topology.',
    effect: 'read',
    isIdempotent: true,
    operations: [
      'agents.list',
      'agents.get',
      'locks.list',
      'locks.get',
      'locks.leader',
      'consensus.list',
      'consensus.get',
      'topology.get',
    ],
    chosenBy: 'action',
    defaultAction: 'agents.list',
    unlisted: ['capabilities', 'ballot', 'version', 'type'],
  },
  {
    name: 'swarm_write',
    title: 'Coordinate',
    description: 'Register agents, hold locks (acquire gives a token: pass it to renew and release), vote.',
    effect: 'write',
    isIdempotent: false,
    operations: [
      'agents.register',
      'agents.heartbeat',
      'agents.update',
      'locks.acquire',
      'locks.renew',
      'locks.release',
      'consensus.propose',
      'consensus.accept',
      'consensus.reject',
    ],
    chosenBy: 'action',
    unlisted: [
      'incarnation',
      'metadata',
      'delayMs',
      'weights',
      'ballot',
      'deadline',
      'allowMinority',
      'acceptors',
      'proposer',
      'expectedVersion',
      'state',
    ],
  },
  {
    name: 'log_read',
    title: 'Read the log',
    description: 'Events (since: after this id; order desc: latest first), metrics, size of the store.',
    effect: 'read',
    isIdempotent: true,
    operations: ['events.list', 'events.get', 'metrics.names', 'metrics.summary', 'maintenance.stats'],
    chosenBy: 'action',
    defaultAction: 'events.list',
    unlisted: ['from', 'to', 'until', 'groupBy'],
  },
  {
    name: 'log_write',
    title: 'Write the log',
    description:
      'Append an event (type decision: what and why; handover: for the next agent) or a measurement.',
    effect: 'write',
    isIdempotent: false,
    operations: ['events.log', 'metrics.record'],
    chosenBy: 'action',
    defaultAction: 'events.log',
  },
]

const domainOf = (operation: string) => operation.slice(0, operation.indexOf('.'))

/** The word for an operation in `action`: `claim` where all of the tool are of one domain, else its whole name. */
export function actionOf({ operations }: Tool, operation: string): string {
  const domains = new Set(operations.map(domainOf))
  return domains.size === 1 ? operation.slice(operation.indexOf('.') + 1) : operation
}
