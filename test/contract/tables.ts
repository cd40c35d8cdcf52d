/** A column as the contract has it, in words that both engines understand. */
export interface Column {
  kind: 'text' | 'time' | 'integer' | 'real'
  /** Refuses null. */
  required?: true
  /** What a row gets that does not name it; `now` is the moment of the insert. */
  default?: string | number
  key?: 'primary' | 'numbered'
}

export interface Table {
  /** In their order; a store may have more behind them. */
  columns: Readonly<Record<string, Column>>
  /** Sets of columns that no two rows have alike. */
  unique?: readonly (readonly string[])[]
  /** Column → table and column that it refers to. */
  references?: Readonly<Record<string, string>>
}

const text: Column = { kind: 'text' }
const required: Column = { kind: 'text', required: true }
const time: Column = { kind: 'time' }
const stamped: Column = { kind: 'time', default: 'now' }
const name: Column = { kind: 'text', key: 'primary' }
/** Numbers that rise, and are never used twice. */
const number: Column = { kind: 'integer', key: 'numbered' }
const version: Column = { kind: 'integer', default: 1 }

/** The twelve tables that everybody may read and write by SQL of their own. */
export const tables: Readonly<Record<string, Table>> = {
  memory_store: {
    columns: {
      id: number,
      key: required,
      value: required,
      namespace: { kind: 'text', default: 'default' },
      metadata: text,
      created_at: stamped,
      updated_at: stamped,
      expires_at: time,
    },
    unique: [['key', 'namespace']],
  },
  sessions: {
    columns: { id: name, data: required, created_at: stamped, last_accessed: stamped, expires_at: time },
  },
  agents: {
    columns: {
      id: name,
      type: required,
      capabilities: text,
      state: text,
      swarm_id: text,
      created_at: stamped,
      last_active: stamped,
    },
  },
  tasks: {
    columns: {
      id: name,
      description: required,
      status: { kind: 'text', default: 'pending' },
      priority: { kind: 'text', default: 'medium' },
      assigned_to: text,
      dependencies: text,
      result: text,
      created_at: stamped,
      completed_at: time,
    },
  },
  agent_memory: {
    columns: { id: number, agent_id: required, key: required, value: required, created_at: stamped },
    unique: [['agent_id', 'key']],
    references: { agent_id: 'agents.id' },
  },
  shared_state: {
    columns: { key: name, value: required, updated_by: text, version, updated_at: stamped },
  },
  events: {
    columns: { id: number, type: required, source: required, data: text, timestamp: stamped },
  },
  patterns: {
    columns: {
      id: name,
      type: required,
      pattern_data: required,
      confidence: { kind: 'real', default: 0 },
      usage_count: { kind: 'integer', default: 0 },
      created_at: stamped,
      last_used: time,
    },
  },
  performance_metrics: {
    columns: {
      id: number,
      metric_name: required,
      value: { kind: 'real', required: true },
      tags: text,
      timestamp: stamped,
    },
  },
  workflow_state: {
    columns: {
      id: name,
      workflow_type: required,
      state: required,
      checkpoint_data: text,
      created_at: stamped,
      updated_at: stamped,
    },
  },
  swarm_topology: {
    columns: {
      id: number,
      swarm_id: required,
      topology_type: required,
      nodes: required,
      edges: text,
      metadata: text,
      created_at: stamped,
    },
  },
  consensus_state: {
    columns: { key: name, value: required, version, proposer: text, acceptors: text, timestamp: stamped },
  },
}
