import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { blocks, runBlock } from './blocks.ts'

/** What may differ from the document's text: placeholders, absolute paths, and an hour of waiting. */
const substitutions: [from: string, to: string][] = [
  ['context: { ... }', "context: { branch: 'main' }"],
  ['/backups/', 'FOLDER/'],
  ['/exports/', 'FOLDER/'],
  ['}, 3600000)', '}, 20)'],
]

interface Example {
  /** The block's first line, so that the pairing with the document cannot slip. */
  starts: string
  /** The names that the block uses and the document leaves to the reader. */
  scope?: (memory: Memory) => Record<string, unknown>
  /** True where the time that a record lasts is compared: no clock ticks then. */
  isStill?: true
  before?: (memory: Memory) => Promise<unknown>
  after: (
    memory: Memory,
    constants: Record<string, unknown>,
    scope: Record<string, unknown>,
  ) => Promise<unknown>
}

const list: Example[] = [
  {
    starts: '// Basic store operation',
    isStill: true,
    after: async memory => {
      expect(await memory.retrieve('user_preferences')).toEqual({ theme: 'dark', language: 'en' })
      const key = await memory.kv.get('api_key', { namespace: 'credentials' })
      expect(key?.value).toBe('sk-...')
      expect(Number(key?.expiresAt) - Number(key?.updatedAt)).toBe(3_600_000)
      expect(await memory.agents.retrieveMemory('agent-123', 'task_history')).toEqual([
        { task: 'analyze_code', result: 'success' },
      ])
      expect(await memory.agents.get('agent-123')).toMatchObject({ type: 'unregistered' })
    },
  },
  {
    starts: '// Basic retrieval',
    before: async memory => {
      await memory.store('user_preferences', { theme: 'dark' })
      await memory.store('user_name', 'Ada')
      await memory.store('userXname', 'not matched')
      await memory.store('api_key', 'sk-1', { namespace: 'credentials' })
    },
    after: async (_, { preferences, apiKey, patterns }) => {
      expect(preferences).toEqual({ theme: 'dark' })
      expect(apiKey).toBe('sk-1')
      expect((patterns as { key: string }[]).map(record => record.key)).toEqual([
        'user_name',
        'user_preferences',
      ])
    },
  },
  {
    starts: '// Complex queries with SQL',
    before: async memory => {
      const task = await memory.tasks.create({ description: 'done just now' })
      await memory.tasks.create({ description: 'not done' })
      const [claimed] = await memory.tasks.claim({ agentId: 'a' })
      await memory.tasks.complete({ id: task.id, token: claimed!.token, result: 1 })
      for (const value of [100, 300]) await memory.metrics.record('response_time', value)
      await memory.metrics.record('other', 1)
    },
    after: async (_, { recentTasks, avgResponseTime }) => {
      expect((recentTasks as { description: string }[]).map(task => task.description)).toEqual([
        'done just now',
      ])
      expect(avgResponseTime).toEqual([{ avg_time: 200 }])
    },
  },
  {
    starts: '// Delete specific key',
    before: async memory => {
      await memory.store('temporary_data', 1)
      await memory.store('kept', 1)
      await memory.store('short', 1, { ttl: 0.001 })
      await memory.store('a', 1, { namespace: 'temp' })
      await sleep(5)
    },
    after: async memory => {
      expect(await memory.retrieve('temporary_data')).toBeUndefined()
      expect(await memory.query('select key from memory_store')).toEqual([{ key: 'kept' }])
    },
  },
  {
    starts: '// Create new session',
    after: async (memory, { sessionId, sessionData }) => {
      expect(sessionData).toEqual({ user: 'developer', project: 'claude-flow', context: { branch: 'main' } })
      expect(await memory.resumeSession(String(sessionId))).toEqual({
        user: 'developer',
        project: 'claude-flow',
        context: { branch: 'main' },
        lastActivity: expect.stringMatching(/^\d{4}-.*Z$/),
        progress: 75,
      })
    },
  },
  {
    starts: '// Save workflow state',
    scope: () => ({
      async resumeWorkflow(state: unknown) {
        resumedWorkflows.push(state)
      },
    }),
    after: async () => {
      expect(resumedWorkflows).toEqual([
        { stage: 'testing', completedSteps: ['lint', 'compile'], remainingSteps: ['test', 'deploy'] },
      ])
    },
  },
  {
    starts: '// Register agent in swarm',
    after: async memory => {
      expect(await memory.agents.get('coder-001')).toMatchObject({
        type: 'coder',
        capabilities: ['javascript', 'python', 'testing'],
        swarmId: 'dev-swarm',
      })
      expect(await memory.shared.get('current_task')).toMatchObject({ version: 1, value: { progress: 45 } })
      expect(await memory.query("select type, source from events where type = 'task_completed'")).toEqual([
        { type: 'task_completed', source: 'coder-001' },
      ])
    },
  },
  {
    starts: '// Propose consensus value',
    scope: () => ({
      async proceedWithDeployment() {
        deployments.push('deployed')
      },
    }),
    after: async (memory, { consensus }) => {
      expect(deployments).toEqual(['deployed'])
      expect(consensus).toMatchObject({ key: 'deployment_ready', value: true, version: 1 })
      expect(await memory.query('select proposer from consensus_state')).toEqual([
        { proposer: 'coordinator-001' },
      ])
    },
  },
  {
    starts: '// Store learned pattern',
    before: memory =>
      memory.storePattern({ id: 'weak', type: 'code_pattern', patternData: { trigger: 'x' } }),
    after: async (_, { bestPattern }) => {
      expect(bestPattern).toMatchObject({ id: 'error-handling-001', confidence: 0.92 })
    },
  },
  {
    starts: '// Use clear namespace conventions',
    after: async (memory, { namespaces }) => {
      for (const namespace of Object.keys(namespaces as object))
        await memory.store('k', namespace, { namespace })
      expect(await memory.retrieve('k', { namespace: 'cache' })).toBe('cache')
    },
  },
  {
    starts: '// Set appropriate TTLs',
    isStill: true,
    scope: () => ({ token: 'secret', results: [1, 2] }),
    after: async memory => {
      const ttl = async (key: string, namespace: string) => {
        const record = await memory.kv.get(key, { namespace })
        return (Number(record?.expiresAt) - Number(record?.updatedAt)) / 1000
      }
      expect(await ttl('session_token', 'auth')).toBe(3600)
      expect(await ttl('cached_results', 'cache')).toBe(300)
    },
  },
  {
    starts: '// Use transactions for related operations',
    scope: () => ({ count: 4, taskId: 'task-1', agentId: 'agent-001' }),
    after: async memory => {
      expect(await memory.retrieve('task_status')).toBe('completed')
      expect(await memory.agents.retrieveMemory('agent-001', 'completed_tasks')).toBe(5)
      expect(await memory.query("select source, data from events where type = 'task_completion'")).toEqual([
        { source: 'system', data: '{"taskId":"task-1","agentId":"agent-001"}' },
      ])
    },
  },
  {
    starts: '// Schedule regular cleanup',
    scope: memory => ({
      setInterval: (work: () => Promise<void>, ms: number) => {
        const timer = setInterval(() => void rounds.push(work()), ms)
        stopRounds = () => clearInterval(timer)
        return memory
      },
    }),
    before: memory => memory.store('short', 1, { ttl: 0.001 }),
    after: async memory => {
      while (rounds.length === 0) await sleep(5)
      stopRounds()
      await Promise.all(rounds)
      expect(await memory.query('select * from memory_store')).toEqual([])
    },
  },
  {
    starts: '// Analyze memory usage patterns',
    before: async memory => {
      await memory.store('hot', 1)
      await memory.store('cold', 1, { namespace: 'other' })
      for (let i = 0; i < 101; i++) await memory.retrieve('hot')
      for (let i = 0; i < 100; i++) await memory.retrieve('cold', { namespace: 'other' })
    },
    after: async (_, { analytics, hotKeys }) => {
      expect(analytics).toMatchObject({
        groups: expect.arrayContaining([expect.objectContaining({ group: 'other' })]),
      })
      expect(hotKeys).toMatchObject([{ namespace: 'default', key: 'hot', reads: 101 }])
    },
  },
  {
    starts: '// Create backup',
    before: async memory => {
      await memory.store('k', 'v')
      await memory.store('mode', 'fast', { namespace: 'config' })
    },
    after: async (memory, _, { FOLDER }) => {
      expect(await memory.retrieve('k')).toBe('v')
      expect(fs.existsSync(`${FOLDER}/memory-backup.db`)).toBe(true)
      const exported = JSON.parse(fs.readFileSync(`${FOLDER}/config.json`, 'utf8'))
      expect(exported.records).toMatchObject([{ key: 'mode', value: 'fast' }])
    },
  },
  {
    starts: '// Monitor query performance',
    scope: () => ({ console: { log: (line: string) => printed.push(line) } }),
    after: async (memory, { stats }) => {
      const slow =
        'with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) select max(i) from n'
      await memory.query(slow)
      expect(printed[0]).toMatch(/^Database size: \d.*MB, Tables: \d+$/)
      expect(printed[1]).toMatch(/^Slow query detected: with recursive n\(i\) .* took \d+/)
      expect(stats).toMatchObject({ size: expect.any(Number), tableCount: expect.any(Number) })
    },
  },
  {
    starts: '// Enable WAL mode',
    after: async memory =>
      expect(await memory.query('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }]),
  },
  {
    starts: '// Run optimization',
    before: memory => memory.store('k', 'v'),
    after: async memory => {
      expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
      expect(await memory.retrieve('k')).toBe('v')
    },
  },
  {
    starts: '// Check for orphaned data',
    before: async memory => {
      await memory.storeAgentMemory('gone', 'k', 1)
      await memory.execute('pragma foreign_keys = off')
      await memory.execute("delete from agents where id = 'gone'")
      await memory.execute('pragma foreign_keys = on')
    },
    after: async (memory, { orphans }) => {
      expect(orphans).toMatchObject([{ table: 'agent_memory' }])
      expect(await memory.findOrphanedRecords()).toEqual([])
      expect(await memory.query('select * from agent_memory')).toEqual([])
    },
  },
]

const resumedWorkflows: unknown[] = []
const deployments: string[] = []
const rounds: Promise<void>[] = []
const printed: string[] = []
let stopRounds = () => {}

describe('the JavaScript blocks of the document', () => {
  const codes = blocks('javascript')

  it('are all here', () => {
    expect(codes.map(code => code.split('\n')[0])).toEqual(list.map(example => example.starts))
  })

  for (const [i, example] of list.entries()) {
    it(`run: ${example.starts.slice(3)}`, async () => {
      const memory = await openScratch(example.isStill && { clock: new TestClock() })
      const FOLDER = scratchFolder()
      const scope = { memory, FOLDER, ...example.scope?.(memory) }
      await example.before?.(memory)
      const code = substitutions.reduce((text, [from, to]) => text.replaceAll(from, to), codes[i] ?? '')
      const constants = await runBlock(code.replaceAll('FOLDER', FOLDER), scope)
      await example.after(memory, constants, scope)
    })
  }
})
