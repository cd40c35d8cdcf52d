/** A table whose records have checksums, and the columns that each of these covers besides the key. */
export interface Table {
  readonly name: string
  /** What names a record in its checksums. */
  readonly key: readonly string[]
  readonly checksums: Readonly<Record<string, readonly string[]>>
  /** What tells the rows apart, where that is not the row id. */
  readonly primaryKey?: readonly string[]
}

export const tables: readonly Table[] = [
  { name: 'memory_store', key: ['namespace', 'key'], checksums: { crc: ['value', 'metadata'] } },
  { name: 'sessions', key: ['id'], checksums: { crc: ['data'] } },
  {
    name: 'agents',
    key: ['id'],
    checksums: {
      type_crc: ['type', 'swarm_id'],
      capabilities_crc: ['capabilities'],
      state_crc: ['state'],
      metadata_crc: ['metadata'],
    },
  },
  { name: 'agent_memory', key: ['agent_id', 'key'], checksums: { crc: ['value'] } },
  {
    name: 'tasks',
    key: ['id'],
    checksums: {
      crc: [
        'description',
        'priority',
        'dependencies',
        'requires',
        'queue',
        'max_attempts',
        'backoff',
        'idempotency_key',
        'created_by',
      ],
      payload_crc: ['payload'],
      progress_crc: ['progress'],
      result_crc: ['result'],
      errors_crc: ['errors'],
    },
  },
  {
    name: 'hivewax_task_schedules',
    key: ['id'],
    checksums: { crc: ['cron', 'every_ms', 'timezone', 'overlap', 'task'] },
    primaryKey: ['id'],
  },
  { name: 'shared_state', key: ['key'], checksums: { crc: ['value', 'updated_by'] } },
  { name: 'hivewax_shared_history', key: ['key'], checksums: { crc: ['value', 'updated_by'] } },
  { name: 'events', key: ['id'], checksums: { crc: ['type', 'source', 'data'] } },
  { name: 'patterns', key: ['id'], checksums: { crc: ['type', 'pattern_data', 'metadata'] } },
  { name: 'performance_metrics', key: ['metric_name'], checksums: { crc: ['value', 'tags'] } },
  {
    name: 'hivewax_metric_rollups',
    key: ['metric_name', 'resolution', 'tags'],
    checksums: { crc: ['count', 'sum', 'min', 'max', 'sketch'] },
    primaryKey: ['metric_name', 'resolution', 'window_start', 'tags'],
  },
  {
    name: 'workflow_state',
    key: ['id'],
    checksums: {
      type_crc: ['workflow_type'],
      state_crc: ['state'],
      checkpoint_crc: ['checkpoint_data'],
    },
  },
  {
    name: 'hivewax_workflow_history',
    key: ['workflow_id'],
    checksums: { state_crc: ['state'], checkpoint_crc: ['checkpoint_data'] },
    primaryKey: ['workflow_id', 'version'],
  },
  {
    name: 'hivewax_workflow_steps',
    key: ['workflow_id', 'step', 'iteration'],
    checksums: { crc: ['kind', 'result'] },
    primaryKey: ['workflow_id', 'step', 'iteration'],
  },
  {
    name: 'hivewax_workflow_runs',
    key: ['workflow_id'],
    checksums: { input_crc: ['input'], end_crc: ['result', 'error'] },
    primaryKey: ['workflow_id'],
  },
  {
    name: 'hivewax_workflow_signals',
    key: ['workflow_id', 'name'],
    checksums: { crc: ['payload'] },
    primaryKey: ['workflow_id', 'name'],
  },
  {
    name: 'swarm_topology',
    key: ['swarm_id'],
    checksums: { crc: ['topology_type', 'nodes', 'edges', 'metadata'] },
  },
  {
    name: 'consensus_state',
    key: ['key'],
    checksums: {
      crc: ['value', 'proposer', 'voters', 'weights', 'quorum'],
      votes_crc: ['acceptors', 'rejectors'],
    },
  },
  {
    name: 'hivewax_tokens',
    key: ['id'],
    checksums: { crc: ['principal', 'hash', 'permissions', 'namespaces', 'agent_id'] },
    primaryKey: ['id'],
  },
]
