import type { Memory } from '../../src/memory.ts'
import type { TestClock } from './clock.ts'

/** Times as both engines read them: long ago and far ahead of where the tests' clock stands. */
const past = "'2026-01-01 00:00:00.000'"
const future = "'2100-01-01 00:00:00.000'"

const longAgo = "'2025-01-01 00:00:00.000'"

const lifetime = 'created_at, updated_at, replaced_at'

/** A name that sorts by its number. */
const named = (what: string, number = 'i') => `'${what}-' || (1000000 + ${number})`

const json = `'{"text":"some words ' || i || '"}'`

/** Of rows up to the 45,000th, each has another. */
const risingTime = "('2026-01-01 00:' || (10 + i / 900) || ':00.' || (100 + i % 900))::time"

/** A lease as {@link TestClock} counts, that is held for as long as a test runs. */
const held = "9000000, 'boot-1'"

interface Rows {
  /** The table and its columns. */
  readonly into: string
  /** How many rows: so many times the scale, or (`fixed`) just as many in a store of any size. */
  readonly count: number
  readonly fixed?: true
  /** The values of row `i`, from 0. */
  readonly values: string
}

const memory: readonly Rows[] = [
  {
    into: 'memory_store (key, namespace, value, revision, created_at)',
    count: 1_000,
    values: `${named('key')}, 'default', ${json}, 3, ${longAgo}`,
  },
  {
    into: `hivewax_memory_history (key, namespace, value, revision, ${lifetime})`,
    count: 1_000,
    values: `${named('key')}, 'default', ${json}, 2, ${longAgo}, ${longAgo}, ${past}`,
  },
  {
    into: 'memory_store (key, namespace, value, expires_at)',
    count: 400,
    values: `${named('key')}, 'expired', ${json}, ${past}`,
  },
  { into: 'memory_store (key, namespace, value)', count: 100, values: `'only', ${named('space')}, ${json}` },
  {
    into: 'memory_store (key, namespace, value)',
    count: 20,
    fixed: true,
    values: `${named('key')}, 'few', ${json}`,
  },
  {
    into: 'sessions (id, data, created_at, last_accessed, expires_at)',
    count: 400,
    values: `${named('session')}, ${json}, ${past}, ${risingTime},
      (case when i % 2 = 0 then ${past} else ${future} end)::time`,
  },
  {
    into: 'agents (id, type, swarm_id, capabilities, ttl_ms, alive_until, alive_epoch, lapsed_at)',
    count: 400,
    values: `${named('agent', 'i + 15')}, 'worker', 'all', '["code"]', 1000, 1, 'boot-1', ${past}`,
  },
  {
    into: 'agents (id, type, swarm_id, ttl_ms, alive_until, alive_epoch)',
    count: 10,
    fixed: true,
    values: `${named('agent')}, 'worker', 'few', 9000000, ${held}`,
  },
  {
    into: 'agent_memory (agent_id, key, value)',
    count: 400,
    values: `${named('agent', 'i + 15')}, 'k', ${json}`,
  },
  {
    into: 'agent_memory (agent_id, key, value)',
    count: 20,
    fixed: true,
    values: `${named('agent', '1')}, ${named('key')}, ${json}`,
  },
  {
    into: `hivewax_agent_memory_history (agent_id, key, value, revision, ${lifetime})`,
    count: 400,
    values: `${named('agent', 'i + 15')}, 'gone', ${json}, 1, ${longAgo}, ${longAgo}, ${past}`,
  },
  {
    into: 'patterns (id, type, pattern_data, confidence, created_at, updated_at)',
    count: 400,
    values: `${named('pattern')}, case i % 2 when 0 then 'fix' else 'plan' end, ${json}, (i % 97) / 97.0, ${past}, ${past}`,
  },
  {
    into: `hivewax_pattern_history (id, type, pattern_data, revision, ${lifetime})`,
    count: 400,
    values: `${named('pattern')}, 'fix', ${json}, 0, ${longAgo}, ${longAgo}, ${past}`,
  },
]

const task = 'tasks (id, description, status, queue, lane, rank, open_dependencies, run_at, completed_at'

/** By falling number, so that the order of ids is not that of claims. */
const fallingId = (what: string) => named(what, '900000 - i')

const tasks: readonly Rows[] = [
  {
    into: `${task}, result)`,
    count: 800,
    values: `${named('a-done')}, 'done', 'completed', 'default', null, i, 0, null, ${past}, 'true'`,
  },
  {
    into: `${task})`,
    count: 400,
    values: `${named('failed')}, 'ended', case i % 3 when 0 then 'failed' when 1 then 'dead' else 'cancelled' end,
      'default', null, i, 0, null, ${past}`,
  },
  {
    into: `${task})`,
    count: 400,
    values: `${fallingId('ready')}, 'waits', 'pending', 'default', null, i, 0, null, null`,
  },
  {
    into: `${task}, dependencies)`,
    count: 200,
    values: `${fallingId('blocked')}, 'waits', 'pending', 'default', null, i, 1, null, null,
      '["ready-' || (1900000 - i) || '"]'`,
  },
  {
    into: `${task}, assigned_to, token, attempts, lease_until, lease_epoch)`,
    count: 5,
    fixed: true,
    values: `${named('running')}, 'runs', 'running', 'default', null, i, 0, null, null, 'w', 1, 1, ${held}`,
  },
  {
    into: 'hivewax_task_dependencies (parent_id, child_id)',
    count: 200,
    values: `${fallingId('ready')}, ${fallingId('blocked')}`,
  },
]

/** Tasks as not every swarm has them. */
const special: readonly Rows[] = [
  {
    into: `${task}, requires)`,
    count: 200,
    values: `${fallingId('lane')}, 'waits', 'pending', 'default', '["default","' || (i % 3) || '"]', i, 0, null, null,
      '["' || (i % 3) || '"]'`,
  },
  {
    into: `${task})`,
    count: 200,
    values: `${fallingId('delayed')}, 'waits', 'pending', 'default', null, null, 0, ${future}, null`,
  },
  {
    into: 'hivewax_task_schedules (id, every_ms, task, next_at)',
    count: 200,
    values: `${named('schedule')}, 60000, '{"description":"again"}', ${future}`,
  },
]

const streams: readonly Rows[] = [
  {
    into: 'events (type, source, data, timestamp)',
    count: 10,
    fixed: true,
    values: `'rare', 'me', ${json}, ${past}`,
  },
  {
    into: 'events (type, source, data, timestamp)',
    count: 2_000,
    values: `'type-' || (i % 5), 'system', ${json}, ${risingTime}`,
  },
  {
    into: 'hivewax_event_offsets (group_name, position, updated_at)',
    count: 200,
    values: `${named('group')}, 0, ${past}`,
  },
  {
    into: 'performance_metrics (metric_name, value, tags, timestamp)',
    count: 1_000,
    values: `'build_ms', i, '{"os":"' || (i % 3) || '"}', ${risingTime}`,
  },
  {
    into: 'performance_metrics (metric_name, value, timestamp)',
    count: 10,
    fixed: true,
    values: `'rare', i, ${past}`,
  },
  {
    into: 'hivewax_metric_rollups (metric_name, resolution, window_start, tags, count, sum, min, max, sketch)',
    count: 200,
    values: `'${'rolled'}', 'hour', ${past}, ${named('tag')}, 1, 1, 1, 1, '{}'`,
  },
  {
    into: 'hivewax_metric_series (metric_name, tags, seen_on)',
    count: 200,
    values: `'rolled', ${named('tag')}, '2026-01-01'`,
  },
  {
    into: 'hivewax_access (minute, namespace, key, reads)',
    count: 400,
    values: `'2025-12-31 00:00', 'default', ${named('key')}, 1`,
  },
]

const shared: readonly Rows[] = [
  {
    into: 'shared_state (key, value, updated_by, version, revision)',
    count: 400,
    values: `${named('shared')}, ${json}, 'me', 1, i + 1`,
  },
  {
    into: 'hivewax_shared_history (revision, key, version, value, updated_at)',
    count: 400,
    values: `i + 1, ${named('shared')}, 1, ${json}, ${past}`,
  },
  { into: 'hivewax_shared_tombstones (key, version)', count: 200, values: `${named('gone')}, 1` },
  {
    into: 'hivewax_leases (id, ttl_ms, lease_until, lease_epoch, granted_at)',
    count: 200,
    values: `${named('lease')}, 9000000, ${held}, ${past}`,
  },
  {
    into: 'consensus_state (key, value, version, status, voters, quorum, decided_at)',
    count: 400,
    values: `${named('decided')}, 'true', 1, case i % 2 when 0 then 'decided' else 'rejected' end, '["a"]', 1, ${past}`,
  },
  {
    into: 'consensus_state (key, value, version, status, voters, quorum)',
    count: 10,
    fixed: true,
    values: `${named('open')}, 'true', 1, 'open', '["a","b","c"]', 2`,
  },
  {
    into: 'hivewax_votes (key, ballot, voter, accepts, voted_at)',
    count: 400,
    values: `${named('decided')}, 1, 'a', 1, ${past}`,
  },
  { into: 'hivewax_locks (name, token)', count: 400, values: `${named('released')}, 1` },
  {
    into: 'hivewax_locks (name, owner, token, lease_until, lease_epoch, acquired_at)',
    count: 200,
    values: `${named('lapsed')}, 'w', 1, 1, 'boot-1', ${past}`,
  },
  {
    into: 'hivewax_locks (name, owner, token, lease_until, lease_epoch, acquired_at)',
    count: 3,
    fixed: true,
    values: `${named('lock')}, 'w', 1, ${held}, ${past}`,
  },
  {
    into: 'hivewax_tokens (id, principal, hash, permissions, created_at)',
    count: 200,
    values: `${named('token')}, 'me', 'x', '["memory:read"]', ${past}`,
  },
  {
    into: 'swarm_topology (swarm_id, topology_type, nodes, edges, version)',
    count: 400,
    values: `'swarm-' || (1000000 + i / 4), 'custom', '["x","y"]', '[{"from":"x","to":"y"}]', 1 + i % 4`,
  },
]

const workflows: readonly Rows[] = [
  {
    into: 'workflow_state (id, workflow_type, state, version)',
    count: 400,
    values: `${named('flow')}, 'kind', ${json}, 1`,
  },
  {
    into: 'hivewax_workflow_history (workflow_id, version, state, saved_at)',
    count: 400,
    values: `${named('flow')}, 1, ${json}, ${past}`,
  },
  {
    into: 'hivewax_workflow_steps (workflow_id, step, result, completed_at, seq)',
    count: 400,
    values: `${named('flow')}, 'first', 'true', ${past}, 1`,
  },
  {
    into: 'hivewax_workflow_runs (workflow_id, workflow_type, status, result, created_at, updated_at)',
    count: 400,
    values: `${named('flow')}, 'kind', case when i < 5 then 'failed' when i < 10 then 'open' else 'completed' end,
      'true', ${past}, ${past}`,
  },
  {
    into: 'hivewax_workflow_signals (workflow_id, name, payload, sent_at)',
    count: 200,
    values: `${named('flow', 'i + 100')}, 'go', 'true', ${past}`,
  },
  {
    into: 'hivewax_workflow_timers (workflow_id, step, due_at)',
    count: 200,
    values: `${named('flow', 'i + 100')}, 'sleep', ${future}`,
  },
]

export interface LargeOptions {
  scale: number
  /** True for a queue without lanes, delays and schedules. */
  isPlain?: boolean
}

/**
 * Fills a store by SQL: with `scale` times as much of everything, but for what is `fixed`. Times are those of a
 * {@link TestClock} that was not moved.
 */
export async function fillLarge(store: Memory, { scale, isPlain = false }: LargeOptions): Promise<void> {
  // Only PostgreSQL has a type for times, which a literal has by itself, and what is made of some has not.
  const time = store.url.startsWith('postgres:') ? '::timestamptz' : ''
  for (const rows of [...memory, ...tasks, ...(isPlain ? [] : special), ...streams, ...shared, ...workflows])
    await store.execute(insertion(rows, scale).replaceAll('::time', time))
  await store.execute(
    `update hivewax_counters set value = (select max(revision) from shared_state) where name = 'shared_revision'`,
  )
  // Enough is left to be found in; to index all would take most of the time.
  await store.execute(`delete from hivewax_find_changes where source <> 'patterns'`)
  await store.execute(
    `update hivewax_counters set value = (select max(id) from events) where name = 'find_events'`,
  )
  await store.kv.store('found', 'a needle')
  // It makes statistics besides, on which no plan is to depend.
  await store.optimize()
}

function insertion({ into, count, fixed, values }: Rows, scale: number): string {
  const rows = fixed ? count : count * scale
  return `insert into ${into}
    with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < ${rows})
    select ${values} from n`
}
