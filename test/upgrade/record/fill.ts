import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../../../src/memory.ts'

/** Gives a store records of every kind, so that every table has some, and writes a backup of them. */
export async function fill(memory: Memory, backup: string): Promise<void> {
  await fillMemory(memory)
  await fillTasks(memory)
  await fillShared(memory)
  await fillWorkflows(memory)
  await fillMeasures(memory)
  await memory.backup(backup)
  // Leaves changes that are not in the index yet.
  await memory.optimize()
  await memory.store('late', 'the last bees of the day')
  await memory.retrieve('greeting')
}

async function fillMemory(memory: Memory): Promise<void> {
  await memory.store('greeting', { text: 'hello, bees' }, { metadata: { by: 'ada' } })
  await memory.store('limited', 'é 世界 🐝', { namespace: 'other', expiresAt: new Date('2999-01-01') })
  await memory.store('gone', 1)
  await memory.delete('gone')
  await memory.history.setRetention('notes', { versions: 5 })
  await memory.sessions.create({ step: 1 }, { id: 'session' })
  await memory.registerAgent({ id: 'ada', type: 'coder', capabilities: ['typescript'], swarmId: 'swarm' })
  await memory.registerAgent({ id: 'bob', type: 'tester', ttl: 1 })
  await memory.agents.connect({ id: 'bob', connection: 'first' })
  await memory.storeAgentMemory('ada', 'notes', ['bees'])
  await memory.storeAgentMemory('ada', 'notes', ['bees', 'wax'])
  await memory.tokens.create({ principal: 'reader', permissions: ['memory:read'], namespaces: ['other'] })
}

async function fillTasks(memory: Memory): Promise<void> {
  const { tasks } = memory
  await tasks.createMany([
    { id: 'build', description: 'build the comb', priority: 'high', payload: { cells: 6 } },
    { id: 'fill', description: 'fill the comb', dependencies: ['build'], idempotencyKey: 'fill-1' },
    { id: 'test', description: 'test the comb', requires: ['typescript'] },
    { id: 'later', description: 'a task for later', runAt: new Date('2999-01-01') },
    { id: 'fragile', description: 'fails', maxAttempts: 1, priority: 'critical' },
    { id: 'held', description: 'held when the program ended', queue: 'night' },
  ])
  const [fragile] = await tasks.claim({ agentId: 'ada' })
  if (fragile !== undefined) await tasks.fail({ ...fragile, error: 'it broke' })
  const [build] = await tasks.claim({ agentId: 'ada' })
  if (build !== undefined) await tasks.complete({ ...build, result: { done: true } })
  await tasks.claim({ agentId: 'bob', queues: ['night'], leaseMs: 1_000 })
  await tasks.setLimit('night', 2)
  await tasks.schedule({ id: 'yearly', cron: '0 0 1 1 *', task: { description: 'count the bees' } })
  await tasks.comment('build', 'ready for review')
}

async function fillShared(memory: Memory): Promise<void> {
  const { shared, events, locks } = memory
  await shared.update('plan', { phase: 1 }, { updatedBy: 'ada' })
  await shared.update('plan', { phase: 2 }, { updatedBy: 'bob' })
  await shared.update('dropped', 1)
  await shared.delete('dropped')
  const lease = await shared.grantLease({ ttlMs: 1_000 })
  await shared.update('bound', 1, { lease: lease.id })
  await events.log({ type: 'swarm.started', source: 'ada', data: { bees: 3 } })
  await events.commit('readers', (await events.latest())?.id ?? 0)
  await events.seal()
  await events.log({ type: 'swarm.sealed', source: 'bob' })
  const lock = await locks.acquire('released', { owner: 'ada' })
  await locks.release(lock)
  await locks.acquire('held', { owner: 'bob', leaseMs: 1_000 })
  await memory.reservations.reserve(['src/**'], { owner: 'bob', purpose: 'the comb', leaseMs: 1_000 })
}

async function fillWorkflows(memory: Memory): Promise<void> {
  const { workflows, topology, consensus } = memory
  await workflows.save('saved', { at: 1 }, { workflowType: 'import' })
  await workflows.save('saved', { at: 2 }, { workflowType: 'import', checkpoint: { row: 7 } })
  await workflows.step('saved', 'first', () => ({ kept: true }))
  await workflows.start('import', { id: 'sleeper', input: { file: 'a.csv' } })
  await workflows.signal('sleeper', 'go', 'now')
  const stop = new AbortController()
  const asleep = workflows.run(
    'sleeper',
    async wf => {
      await wf.step('read', () => 42)
      await wf.sleep('until', new Date('2999-01-01'))
    },
    { signal: stop.signal },
  )
  while ((await memory.query('select * from hivewax_workflow_timers')).length === 0) await sleep(10)
  stop.abort()
  await asleep.catch(() => {})
  await topology.save({
    swarmId: 'swarm',
    topologyType: 'mesh',
    nodes: ['ada', 'bob'],
    edges: [['ada', 'bob']],
  })
  await consensus.propose('leader', { value: 'ada', proposer: 'bob', voters: ['ada', 'bob', 'cyd'] })
  await consensus.accept('leader', { voter: 'ada' })
  await consensus.propose('decided', { value: 1, proposer: 'ada', voters: ['ada'] })
  await consensus.accept('decided', { voter: 'ada' })
}

async function fillMeasures(memory: Memory): Promise<void> {
  const { patterns, metrics } = memory
  await patterns.store({ id: 'retry', type: 'fix', patternData: { times: 3 }, confidence: 0.4 })
  await patterns.store({ id: 'retry', type: 'fix', patternData: { times: 3 }, confidence: 0.5 })
  await patterns.recordOutcome('retry', { success: true })
  await metrics.recordMany([1, 2, 3].map(value => ({ name: 'latency', value, tags: { host: 'a' } })))
  await memory.execute("update performance_metrics set timestamp = '2026-01-02 03:04:05.678'")
  await metrics.rollup({ olderThan: '1h' })
  await metrics.record('latency', 4)
  await metrics.setRetention({ rollupAfter: '30d' })
}
