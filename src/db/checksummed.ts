import type { Columns } from './columns.ts'

/** Of which columns a table keeps checksums. */
export interface Checksummed {
  /** What names a record: covered by each of its checksums, so that no record passes for another. */
  readonly key: Columns
  /** By its column, what each checksum covers besides: columns that are always written together. */
  readonly checksums: Readonly<Record<string, Columns>>
  /** True where the key is the number that the engine gives out: it is added to the checksum. */
  readonly isNumbered?: boolean
}

/**
 * The tables whose records carry checksums: of everything that a caller has given, its names included. Times, counts and
 * states, which the store sets itself and in SQL, have none.
 */
export const checksummed = {
  memory_store: {
    key: { namespace: 'text', key: 'text' },
    checksums: { crc: { value: 'text', metadata: 'text?', author: 'text?' } },
  },
  hivewax_memory_history: {
    key: { namespace: 'text', key: 'text' },
    checksums: { crc: { value: 'text?', metadata: 'text?', author: 'text?' } },
  },
  sessions: { key: { id: 'text' }, checksums: { crc: { data: 'text', author: 'text?' } } },
  agents: {
    key: { id: 'text' },
    checksums: {
      type_crc: { type: 'text', swarm_id: 'text?' },
      capabilities_crc: { capabilities: 'text?' },
      state_crc: { state: 'text?' },
      metadata_crc: { metadata: 'text?' },
    },
  },
  agent_memory: {
    key: { agent_id: 'text', key: 'text' },
    checksums: { crc: { value: 'text', author: 'text?' } },
  },
  hivewax_agent_memory_history: {
    key: { agent_id: 'text', key: 'text' },
    checksums: { crc: { value: 'text?', author: 'text?' } },
  },
  tasks: {
    key: { id: 'text' },
    checksums: {
      crc: {
        description: 'text',
        priority: 'text?',
        dependencies: 'text?',
        requires: 'text?',
        queue: 'text',
        max_attempts: 'number',
        backoff: 'text?',
        idempotency_key: 'text?',
        created_by: 'text?',
        labels: 'text?',
        parent_task: 'text?',
      },
      payload_crc: { payload: 'text?' },
      progress_crc: { progress: 'text?' },
      result_crc: { result: 'text?' },
      errors_crc: { errors: 'text?' },
    },
  },
  hivewax_task_comments: {
    key: { task_id: 'text', number: 'number' },
    checksums: { crc: { body: 'text', author: 'text?' } },
  },
  hivewax_task_schedules: {
    key: { id: 'text' },
    checksums: {
      crc: { cron: 'text?', every_ms: 'number?', timezone: 'text?', overlap: 'text', task: 'text' },
    },
  },
  shared_state: {
    key: { key: 'text' },
    checksums: { crc: { value: 'text', updated_by: 'text?', author: 'text?' } },
  },
  hivewax_shared_history: {
    key: { key: 'text' },
    checksums: { crc: { value: 'text?', updated_by: 'text?', author: 'text?' } },
  },
  events: {
    key: { id: 'number' },
    checksums: { crc: { type: 'text', source: 'text', data: 'text?', author: 'text?' } },
    isNumbered: true,
  },
  patterns: {
    key: { id: 'text' },
    checksums: { crc: { type: 'text', pattern_data: 'text', metadata: 'text?', author: 'text?' } },
  },
  hivewax_pattern_history: {
    key: { id: 'text' },
    checksums: { crc: { type: 'text?', pattern_data: 'text?', metadata: 'text?', author: 'text?' } },
  },
  performance_metrics: {
    key: { metric_name: 'text' },
    checksums: { crc: { value: 'number', tags: 'text?' } },
  },
  hivewax_metric_rollups: {
    key: { metric_name: 'text', resolution: 'text', tags: 'text' },
    checksums: { crc: { count: 'number', sum: 'number', min: 'number', max: 'number', sketch: 'text' } },
  },
  workflow_state: {
    key: { id: 'text' },
    checksums: {
      type_crc: { workflow_type: 'text' },
      state_crc: { state: 'text', author: 'text?' },
      checkpoint_crc: { checkpoint_data: 'text?' },
    },
  },
  hivewax_workflow_history: {
    key: { workflow_id: 'text' },
    checksums: {
      state_crc: { state: 'text', author: 'text?' },
      checkpoint_crc: { checkpoint_data: 'text?' },
    },
  },
  hivewax_workflow_steps: {
    key: { workflow_id: 'text', step: 'text', iteration: 'number' },
    checksums: { crc: { kind: 'text', result: 'text' } },
  },
  hivewax_workflow_runs: {
    key: { workflow_id: 'text' },
    checksums: { input_crc: { input: 'text' }, end_crc: { result: 'text?', error: 'text?' } },
  },
  hivewax_workflow_signals: {
    key: { workflow_id: 'text', name: 'text' },
    checksums: { crc: { payload: 'text' } },
  },
  swarm_topology: {
    key: { swarm_id: 'text' },
    checksums: {
      crc: { topology_type: 'text', nodes: 'text', edges: 'text?', metadata: 'text?', author: 'text?' },
    },
  },
  consensus_state: {
    key: { key: 'text' },
    checksums: {
      crc: {
        value: 'text',
        proposer: 'text?',
        voters: 'text?',
        weights: 'text?',
        quorum: 'number?',
        author: 'text?',
      },
      votes_crc: { acceptors: 'text?', rejectors: 'text?' },
    },
  },
  hivewax_tokens: {
    key: { id: 'text' },
    checksums: {
      crc: { principal: 'text', hash: 'text', permissions: 'text', namespaces: 'text?', agent_id: 'text?' },
    },
  },
} as const satisfies Record<string, Checksummed>

export type ChecksummedTable = keyof typeof checksummed

/** The columns of a table that hold checksums; none of one that keeps none. */
export function checksumColumns(table: string): string[] {
  return Object.keys(checksummedTables.get(table)?.checksums ?? {})
}

/** The columns that it takes to compare the checksums of a table: its key, what they cover, and they. */
export function comparedColumns(table: ChecksummedTable): string[] {
  const { key, checksums }: Checksummed = checksummed[table]
  const covered = Object.values(checksums).flatMap(columns => Object.keys(columns))
  return [...Object.keys(key), ...covered, ...Object.keys(checksums)]
}

const checksummedTables = new Map<string, Checksummed>(Object.entries(checksummed))

/** The columns of a table that hold checksums. */
export type ChecksumName<T extends ChecksummedTable> = keyof (typeof checksummed)[T]['checksums'] & string

/** What a checksum of a table covers. */
export type Covered<T extends ChecksummedTable, C extends ChecksumName<T>> = {
  readonly [K in keyof (typeof checksummed)[T]['key'] | keyof (typeof checksummed)[T]['checksums'][C]]:
    | string
    | number
    | null
    | undefined
}
