import path from 'node:path'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { counts } from './counts.ts'
import {
  at,
  bank,
  hive,
  library3,
  makeDatabase,
  mirror,
  ms,
  version1,
  version2,
  version3,
} from './fixtures.ts'

async function imported(statements: readonly string[], options = {}) {
  const memory = await openScratch()
  const folder = scratchFolder()
  const files = statements.map((text, i) => makeDatabase(path.join(folder, `${i}.db`), text))
  return { memory, files, report: await importFrom(memory, files, options) }
}

it('brings version 2: values, metadata and times in seconds', async () => {
  const { memory, report } = await imported([version2])
  expect(counts(report)).toEqual({ memory_entries: 'memory 7: 6 added, 1 expired' })
  const record = await memory.kv.get('plain')
  expect(record).toMatchObject({
    value: 'from mcp',
    metadata: { storedBy: 'mcp-server', imported: { from: 'memory_entries', id: 1, access_count: 3 } },
    createdAt: new Date(at),
    updatedAt: new Date('2026-11-22T06:14:20.000Z'),
    expiresAt: undefined,
  })
  const config = { namespace: 'config' }
  expect(await memory.retrieve('json', config)).toEqual({ theme: 'dark', on: at })
  expect(await memory.retrieve('number', config)).toBe(42)
  expect(await memory.retrieve('version', config)).toBe('1.0')
  expect(await memory.retrieve('big', config)).toEqual({ id: '12345678901234567890' })
  const lasting = await memory.kv.get('lasting', { namespace: 'cache' })
  expect(lasting?.expiresAt).toEqual(new Date('2100-01-01T00:00:00.000Z'))
  expect(lasting?.metadata).toMatchObject({ imported: { ttl: 300 } })
})

it('brings version 3: times in milliseconds, tags and owner as metadata, nothing deleted or expired', async () => {
  const { memory, report } = await imported([version3])
  expect(counts(report)).toEqual({
    memory_entries: 'memory 5: 3 added, 1 deleted, 1 expired',
    'memory_entries.embedding': '– 2: 2 derived',
    metadata: '– 2: 2 settings',
    notes: 'memory 1: 1 added',
    trajectories: 'memory 1: 1 added',
    vector_indexes: '– 1: 1 derived',
  })
  const prefs = await memory.kv.get('prefs', { namespace: 'config' })
  expect(prefs).toMatchObject({
    value: { theme: 'dark' },
    createdAt: new Date(ms),
    metadata: {
      imported: {
        id: 'entry_2',
        tags: ['a', 'b'],
        owner_id: 'me',
        provenance_type: 'user_claim',
        embedding_model: 'hash',
      },
    },
  })
  expect((await memory.kv.get('old', { namespace: 'config' }))?.metadata).toMatchObject({
    imported: { status: 'archived' },
  })
  expect(await memory.retrieve('token', { namespace: 'cache' })).toBeUndefined()
  expect(await memory.retrieve('t1', { namespace: 'claude-flow:trajectories' })).toMatchObject({
    task: 'refactor',
    context: { step: 1 },
  })
})

it('does not bring back from the mirror what was deleted or has expired', async () => {
  for (const order of [
    [version3, mirror],
    [mirror, version3],
  ]) {
    const { memory } = await imported(order)
    expect(await memory.search('*', { namespace: 'cache' })).toEqual([])
    expect(await memory.retrieve('only')).toBe('here')
  }
})

it('brings vectors and what has expired when it is asked to', async () => {
  const { memory, report } = await imported([version3, mirror], { vectors: true, expired: true })
  expect(counts(report)).toMatchObject({
    'memory_entries.embedding': 'memory 2: 2 added',
    pattern_embeddings: 'memory 1: 1 added',
  })
  expect(await memory.retrieve('entry_1', { namespace: 'claude-flow:embedding' })).toEqual({
    namespace: 'default',
    key: 'hello',
    vector: [0.5, -0.25],
  })
  expect((await memory.kv.get('short', { namespace: 'cache' }))?.expiresAt).toBeUndefined()
})

it('brings patterns with their confidence and use, and measurements that look alike', async () => {
  const { memory, report } = await imported([bank, mirror])
  expect(counts(report)).toMatchObject({
    patterns: 'pattern 3: 3 added',
    'patterns.original_key': 'memory 2: 1 added, 1 kept',
    metrics_log: 'metric 2: 2 added',
    reasoning_patterns: 'pattern 1: 1 added',
    pattern_embeddings: '– 1: 1 derived',
  })
  expect(await memory.retrieve('hello')).toBe('second')
  expect(await memory.patterns.get('p2')).toMatchObject({
    type: 'reasoning_memory',
    confidence: 0.8,
    usageCount: 2,
    createdAt: new Date('2026-11-22T06:13:30Z'),
    lastUsed: new Date('2026-11-22T06:14:00Z'),
  })
  const [learned] = await memory.getPatterns('code')
  expect(learned).toMatchObject({
    patternData: { approach: 'retry with backoff' },
    confidence: 0.9,
    usageCount: 4,
    metadata: { imported: { avg_reward: 0.5, tags: ['x'] } },
  })
  const [summary] = await memory.metrics.summary('rb.latency_ms', { since: new Date(0) })
  expect(summary?.count).toBe(2)
})

it('brings a hive: agents that are known but gone, tasks, sessions', async () => {
  const { memory, report } = await imported([hive])
  expect(counts(report)).toEqual({
    agents: 'agent 2: 2 added',
    collective_memory: 'memory 1: 1 added',
    session_checkpoints: 'memory 1: 1 added',
    session_logs: 'memory 2: 2 added',
    sessions: 'session 1: 1 added',
    swarms: 'memory 1: 1 added',
    tasks: 'task 2: 2 added',
  })
  expect(await memory.agents.get('queen')).toMatchObject({
    type: 'coordinator',
    capabilities: ['planning'],
    swarmId: 's1',
    alive: false,
    createdAt: new Date(at),
  })
  expect((await memory.agents.get('worker'))?.metadata).toMatchObject({
    imported: { capabilities: 'not json' },
  })
  expect(await memory.tasks.get('t1')).toMatchObject({
    status: 'completed',
    priority: 'critical',
    result: { ok: true },
    completedAt: new Date('2026-11-22T06:20:00Z'),
  })
  const [claimed] = await memory.tasks.claim({ agentId: 'new', limit: 5 })
  expect(claimed).toMatchObject({
    id: 't2',
    payload: { imported: { status: 'in_progress', agent_id: 'worker' } },
  })
  expect(await memory.retrieve('objective', { namespace: 's1' })).toBe('Build a REST API')
  expect(await memory.sessions.get('session-1')).toMatchObject({
    data: { objective: 'Build a REST API', checkpoint_data: { done: 1 } },
    lastAccessed: new Date('2026-11-22T06:20:00Z'),
  })
  expect(await memory.retrieve('c1', { namespace: 'claude-flow:session_checkpoints' })).toMatchObject({
    checkpoint_data: { changes: 5 },
  })
  expect(await memory.search('*', { namespace: 'claude-flow:session_logs' })).toHaveLength(2)
})

it('brings version 1 by id, and the library of version 3, of one key the newest', async () => {
  const { memory, report } = await imported([version1, library3])
  expect(counts(report)).toEqual({
    memory_entries: 'memory 3: 2 added, 1 updated',
    memory_embeddings: '– 1: 1 derived',
  })
  expect(await memory.kv.get('e1')).toMatchObject({
    value: 'use env vars',
    createdAt: new Date(at),
    metadata: { imported: { agent_id: 'coder-1', context: { file: 'a.ts' } } },
  })
  expect(await memory.retrieve('twice')).toBe('second')
})
