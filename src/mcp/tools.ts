import type { Operation, ToolName } from '../operation.ts'
import { operations } from '../operations.ts'

/** What a tool says of itself. */
interface Described {
  readonly name: ToolName
  readonly title: string
  /** Static: what is stored never shows in it. */
  readonly description: string
  /** `destroy` when it may lose or overwrite what is stored. */
  readonly effect: 'read' | 'write' | 'destroy'
  /** Calling it twice with the same arguments does no more than calling it once. */
  readonly isIdempotent: boolean
  /**
   * How a call names one of its operations: by `action`, else by the fields that it gives, as those that the operation
   * needs or at least knows.
   */
  readonly chosenBy: 'action' | 'fields'
}

/** A tool of the server: a group of operations of one concept and one effect, which say that they are part of it. */
export interface Tool extends Described {
  /** What it does when no action is named comes first. */
  readonly operations: readonly Operation[]
}

const described: readonly Described[] = [
  {
    name: 'briefing',
    title: 'Catch up',
    description:
      'Where things stand: your tasks with tokens, decisions, open tasks, memory, last session, agents. about: tells memory near to it too. Call it first, and when you have forgotten.',
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'fields',
  },
  {
    name: 'recall',
    title: 'Recall memory',
    description:
      "text: full-text search over everything. key: one whole record (offset: go on in a long value). keys: several values. glob: index of keys; namespace * is all. agentId: an agent's own memory. Nothing: the namespaces.",
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'fields',
  },
  {
    name: 'remember',
    title: 'Remember',
    description:
      "Store JSON under a key; what was there stays in its history. records: many {key, value, namespace, ttl}, all or none. ttl: seconds. expectedRevision: only if unchanged (0: if absent). agentId: the agent's own memory.",
    effect: 'write',
    isIdempotent: true,
    chosenBy: 'fields',
  },
  {
    name: 'forget',
    title: 'Delete',
    description:
      'Delete for good: a key of memory (kv.delete, the default) or another record. tasks.cancel cancels dependents too.',
    effect: 'destroy',
    isIdempotent: true,
    chosenBy: 'action',
  },
  {
    name: 'tasks_read',
    title: 'Look at tasks',
    description: 'list: an index. get {id}: all of one. graph: who waits for whom.',
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'action',
  },
  {
    name: 'tasks_write',
    title: 'Work on tasks',
    description:
      'create {description, dependencies: [ids]}; createMany {tasks}. claim gives tasks with id and token: pass both to complete {result}, fail {error} or release. A task is yours until leaseUntil, and longer while you make calls. A stale token is refused.',
    effect: 'write',
    isIdempotent: false,
    chosenBy: 'action',
  },
  {
    name: 'state_read',
    title: 'Look at state',
    description: 'Shared state, sessions, workflows, learned patterns: lists are indexes, get shows one.',
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'action',
  },
  {
    name: 'state_write',
    title: 'Change state',
    description:
      'shared.update {key, value, expectedVersion}: refused with the current value if somebody was faster. sessions.update merges patch. workflows.completeStep {id, name, result}: the first result stays. patterns.recordOutcome {id, success} moves its confidence.',
    effect: 'destroy',
    isIdempotent: false,
    chosenBy: 'action',
  },
  {
    name: 'swarm_read',
    title: 'Look at the swarm',
    description: 'Agents and what they hold, locks and leaders, votes, topology.',
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'action',
  },
  {
    name: 'swarm_write',
    title: 'Coordinate',
    description:
      'Reserve {globs, purpose} before you edit, hold locks (release takes the token), register agents, vote.',
    effect: 'write',
    isIdempotent: false,
    chosenBy: 'action',
  },
  {
    name: 'log_read',
    title: 'Read the log',
    description: 'Events (since: after this id; order desc: latest first), metrics, size of the store.',
    effect: 'read',
    isIdempotent: true,
    chosenBy: 'action',
  },
  {
    name: 'log_write',
    title: 'Write the log',
    description:
      'Append an event (type decision: what and why; handover: for the next agent) or a measurement.',
    effect: 'write',
    isIdempotent: false,
    chosenBy: 'action',
  },
]

/** All tools, in the order of the list. A read and a write never share one. */
export const tools: readonly Tool[] = described.map(tool => ({ ...tool, operations: operationsOf(tool) }))

function operationsOf({ name }: Described): Operation[] {
  const all = operations.filter(({ mcp }) => mcp?.tool === name)
  return [...all.filter(({ mcp }) => mcp?.isDefault), ...all.filter(({ mcp }) => !mcp?.isDefault)]
}

const domainOf = ({ name }: Operation) => name.slice(0, name.indexOf('.'))

/** The word for an operation in `action`: `claim` where all of the tool are of one domain, else its whole name. */
export function actionOf({ operations }: Tool, operation: Operation): string {
  const domains = new Set(operations.map(domainOf))
  return domains.size === 1 ? operation.name.slice(operation.name.indexOf('.') + 1) : operation.name
}

/** Whether its answers may be long, so that a call may say how long. */
export function isLong({ effect, operations }: Tool): boolean {
  return effect === 'read' || operations.some(({ mcp }) => mcp?.answer !== undefined)
}
