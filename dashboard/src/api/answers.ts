import type { Agent } from '../../../src/agents/agent.ts'
import type { AgentMemoryRecord } from '../../../src/agents/agent-memory.ts'
import type { Briefing } from '../../../src/briefing/briefing.ts'
import type { Author } from '../../../src/db/author.ts'
import type { EventRecord } from '../../../src/events/events.ts'
import type { Findings } from '../../../src/find/find.ts'
import type { KeyDiff } from '../../../src/kv/kv.ts'
import type { NamespaceCount } from '../../../src/kv/namespaces.ts'
import type { MemoryVersion } from '../../../src/kv/past.ts'
import type { MemoryRecord } from '../../../src/kv/record.ts'
import type { Stats } from '../../../src/maintenance/stats.ts'
import type { Permission } from '../../../src/permission.ts'
import type { TaskQueue } from '../../../src/tasks/queue-limits.ts'
import type { Task, TaskStatus } from '../../../src/tasks/task.ts'
import type { Json } from '../../../src/util/json.ts'
import type { Page } from '../../../src/util/page.ts'

/** What JSON makes of an answer: times are text, and what is undefined is absent. */
type Wire<T> = Json extends T
  ? T
  : T extends Date
    ? string
    : T extends object
      ? { [Field in keyof T]: Wire<T[Field]> }
      : T

export type { Json, TaskStatus }
export type AgentFacts = Wire<Agent>
export type AuthorFacts = Author
export type EventFacts = Wire<EventRecord>
export type KeyRecord = Wire<MemoryRecord>
export type KeyVersion = Wire<MemoryVersion>
export type TaskFacts = Wire<Task>

/** What the server says of itself, and of what the caller may do. */
export interface Hello {
  version: string
  store: { name: string; isReadOnly: boolean }
  principal: string
  permissions: Permission[]
  namespaces?: string[]
  agentId?: string
}

/** What each operation answers that the dashboard calls. */
export interface Answers {
  'agents.get': AgentFacts
  'agents.list': Page<AgentFacts>
  'agents.listMemory': Page<Wire<AgentMemoryRecord>>
  'agents.work': Record<string, { tasks: string[]; locks: string[] }>
  'briefing.briefing': Briefing
  'events.get': EventFacts
  'events.list': Page<EventFacts>
  'find.find': Findings
  'kv.delete': boolean
  'kv.diff': KeyDiff
  'kv.get': KeyRecord
  'kv.history': Page<KeyVersion>
  'kv.namespaces': Page<NamespaceCount>
  'kv.revert': { revision: number }
  'kv.search': Page<KeyRecord>
  'kv.store': { revision: number }
  'maintenance.stats': Stats
  'tasks.cancel': unknown
  'tasks.counts': Record<TaskStatus, number>
  'tasks.get': TaskFacts
  'tasks.list': Page<TaskFacts>
  'tasks.queues': Page<Wire<TaskQueue>>
  'tasks.redrive': unknown
}

export type OperationName = keyof Answers
