import type { Author } from '../../db/author.ts'
import type { Json } from '../../util/json.ts'

/** A record of another store or program, with its own times; what hivewax has no field for is in `metadata`. */
export type IncomingRecord =
  | IncomingMemory
  | IncomingAgentMemory
  | IncomingPattern
  | IncomingSession
  | IncomingAgent
  | IncomingTask
  | IncomingMetric
  | IncomingShared
  | IncomingWorkflow

export interface IncomingMemory {
  kind: 'memory'
  namespace: string
  key: string
  value: Json
  metadata?: Json | undefined
  createdAt: Date
  updatedAt: Date
  expiresAt?: Date | undefined
  /** Who wrote it, as another store of ours says. */
  author?: Author | undefined
}

export interface IncomingAgentMemory {
  kind: 'agent_memory'
  agentId: string
  key: string
  value: Json
  createdAt: Date
  updatedAt: Date
  author?: Author | undefined
}

export interface IncomingPattern {
  kind: 'pattern'
  id: string
  type: string
  patternData: Json
  /** 0 to 1. */
  confidence: number
  usageCount: number
  successes: number
  failures: number
  metadata?: Json | undefined
  createdAt: Date
  updatedAt: Date
  lastUsed?: Date | undefined
  author?: Author | undefined
}

export interface IncomingSession {
  kind: 'session'
  id: string
  data: Json
  createdAt: Date
  lastAccessed: Date
  expiresAt?: Date | undefined
  author?: Author | undefined
}

/** Known, but not alive: it was so elsewhere, and lives here once it registers. */
export interface IncomingAgent {
  kind: 'agent'
  id: string
  type: string
  capabilities: string[]
  state?: Json | undefined
  swarmId?: string | undefined
  metadata?: Json | undefined
  createdAt: Date
  lastActive: Date
}

export interface IncomingTask {
  kind: 'task'
  id: string
  description: string
  status: 'pending' | 'completed' | 'failed' | 'cancelled'
  priority: 'low' | 'medium' | 'high' | 'critical'
  assignedTo?: string | undefined
  payload?: Json | undefined
  result?: Json | undefined
  createdAt: Date
  updatedAt: Date
  completedAt?: Date | undefined
}

export interface IncomingMetric {
  kind: 'metric'
  name: string
  value: number
  tags: Record<string, string | number | boolean>
  timestamp: Date
}

interface IncomingShared {
  kind: 'shared'
  key: string
  value: Json
}

interface IncomingWorkflow {
  kind: 'workflow'
  id: string
  workflowType: string
  state: Json
}

/** What makes a record the same one when it is merged again. */
export function identity(record: IncomingRecord): string {
  switch (record.kind) {
    case 'memory':
      return JSON.stringify([record.kind, record.namespace, record.key])
    case 'agent_memory':
      return JSON.stringify([record.kind, record.agentId, record.key])
    case 'metric':
      return JSON.stringify([record.kind, record.name, record.timestamp, record.value, record.tags])
    case 'shared':
      return JSON.stringify([record.kind, record.key])
    default:
      return JSON.stringify([record.kind, record.id])
  }
}
