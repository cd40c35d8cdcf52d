import { type VersionedTable, versioned } from '../history/versioned.ts'
import { talliedCounters } from '../tallies.ts'

/** A table whose rows are copied from one store into another. */
export interface CopiedTable {
  readonly name: string
  /** The columns that tell its rows apart, none of them a time: rows are read in their order. */
  readonly key: readonly string[]
  /** Tables before this one whose rows it refers to, or notes the deletes of: it is emptied with them. */
  readonly of?: string
  /** Deletes of those put rows into it. */
  readonly notesDeletes?: true
}

const one = (name: string, key = 'id'): CopiedTable => ({ name, key: [key] })

const ofWorkflow = (name: string, ...key: string[]): CopiedTable => ({
  name,
  key: ['workflow_id', ...key],
  of: 'workflow_state',
})

const historyOf = (of: VersionedTable): CopiedTable => ({
  name: versioned[of].history,
  key: [...versioned[of].key, 'revision'],
  of,
  notesDeletes: true,
})

/** The records of a store, referred-to tables before those that refer to them. */
export const copiedTables: readonly CopiedTable[] = [
  one('memory_store'),
  historyOf('memory_store'),
  one('hivewax_history_limits', 'namespace'),
  one('sessions'),
  one('agents'),
  { ...one('agent_memory'), of: 'agents' },
  historyOf('agent_memory'),
  one('tasks'),
  { name: 'hivewax_task_dependencies', key: ['child_id', 'parent_id'], of: 'tasks' },
  { name: 'hivewax_task_comments', key: ['task_id', 'number'], of: 'tasks' },
  one('hivewax_task_queues', 'name'),
  one('hivewax_task_schedules'),
  one('shared_state', 'key'),
  { name: 'hivewax_shared_tombstones', key: ['key'], of: 'shared_state', notesDeletes: true },
  { name: 'hivewax_shared_history', key: ['revision', 'key', 'version'] },
  one('hivewax_leases'),
  one('events'),
  one('hivewax_event_offsets', 'group_name'),
  one('hivewax_event_hashes', 'event_id'),
  one('patterns'),
  historyOf('patterns'),
  one('performance_metrics'),
  {
    name: 'hivewax_metric_rollups',
    key: ['metric_name', 'resolution', 'window_start', 'tags'],
  },
  { name: 'hivewax_metric_series', key: ['metric_name', 'tags'] },
  one('workflow_state'),
  ofWorkflow('hivewax_workflow_history', 'version'),
  ofWorkflow('hivewax_workflow_steps', 'step', 'iteration'),
  ofWorkflow('hivewax_workflow_runs'),
  ofWorkflow('hivewax_workflow_signals', 'name'),
  ofWorkflow('hivewax_workflow_timers', 'step', 'iteration'),
  one('swarm_topology'),
  one('consensus_state', 'key'),
  { name: 'hivewax_votes', key: ['key', 'ballot', 'voter'], of: 'consensus_state' },
  one('hivewax_locks', 'name'),
  { name: 'hivewax_reservations', key: ['glob', 'owner'] },
  one('hivewax_tokens'),
  { name: 'hivewax_access', key: ['minute', 'namespace', 'key'] },
]

/** The tables whose ids the engine gives out, and whose next id must be above any that it gave out. */
export const numberedTables = [
  'memory_store',
  'agent_memory',
  'events',
  'performance_metrics',
  'swarm_topology',
]

/** Counters that say how far a store has gone through its own records: it begins anew with those of another. */
export const begunAnew: readonly (readonly [name: string, value: number])[] = [
  'find_events',
  ...talliedCounters,
].map(name => [name, 0])

/**
 * What a store keeps about itself, and of the processes that have it open; the full-text index is made anew from the
 * records.
 */
export const ownTables =
  /^(hivewax_(migrations|counters|upkeep|creation|migration_progress|find\w*|tall\w*|event_spans|agent_connections)|sqlite_\w+)$/

/** These tables, and those that refer to them, or to such. */
export function withDependents(names: ReadonlySet<string>): CopiedTable[] {
  const all = new Set(names)
  // A table comes after those that it refers to.
  for (const { name, of } of copiedTables) if (of !== undefined && all.has(of)) all.add(name)
  return copiedTables.filter(({ name }) => all.has(name))
}
