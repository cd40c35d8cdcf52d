/** A table whose records say who wrote them. */
export interface Table {
  readonly name: string
  /** What names a record in its checksums. */
  readonly key: readonly string[]
  /** The checksum that covers the author, and what it covers besides. */
  readonly checksum: string
  readonly covered: readonly string[]
  /** What tells the rows apart, where that is not the row id. */
  readonly primaryKey?: readonly string[]
  /** A column that each write of ours changes, by which SQL from outside is known on PostgreSQL. */
  readonly counts?: string
}

export const tables: readonly Table[] = [
  {
    name: 'memory_store',
    key: ['namespace', 'key'],
    checksum: 'crc',
    covered: ['value', 'metadata'],
    counts: 'revision',
  },
  { name: 'sessions', key: ['id'], checksum: 'crc', covered: ['data'] },
  {
    name: 'agent_memory',
    key: ['agent_id', 'key'],
    checksum: 'crc',
    covered: ['value'],
    counts: 'updated_at',
  },
  {
    name: 'shared_state',
    key: ['key'],
    checksum: 'crc',
    covered: ['value', 'updated_by'],
    counts: 'version',
  },
  { name: 'hivewax_shared_history', key: ['key'], checksum: 'crc', covered: ['value', 'updated_by'] },
  { name: 'events', key: ['id'], checksum: 'crc', covered: ['type', 'source', 'data'] },
  {
    name: 'patterns',
    key: ['id'],
    checksum: 'crc',
    covered: ['type', 'pattern_data', 'metadata'],
    counts: 'updated_at',
  },
  {
    name: 'workflow_state',
    key: ['id'],
    checksum: 'state_crc',
    covered: ['state'],
    counts: 'version',
  },
  {
    name: 'hivewax_workflow_history',
    key: ['workflow_id'],
    checksum: 'state_crc',
    covered: ['state'],
    primaryKey: ['workflow_id', 'version'],
  },
  {
    name: 'swarm_topology',
    key: ['swarm_id'],
    checksum: 'crc',
    covered: ['topology_type', 'nodes', 'edges', 'metadata'],
  },
  {
    name: 'consensus_state',
    key: ['key'],
    checksum: 'crc',
    covered: ['value', 'proposer', 'voters', 'weights', 'quorum'],
  },
]
