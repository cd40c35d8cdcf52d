import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentMemoryRecord } from '../../src/agents/agent-memory.ts'
import { HivewaxError } from '../../src/errors.ts'
import type { Memory } from '../../src/memory.ts'
import type { Operation } from '../../src/operation.ts'
import { type OperationName, operationOf, operations } from '../../src/operations.ts'
import type { Pattern } from '../../src/patterns/patterns.ts'
import type { Page } from '../../src/util/page.ts'
import { engines } from '../support/engines.ts'
import { inputsOf } from '../support/inputs.ts'

/** Those that write records; maintenance only looks after them. */
const writing = operations.filter(({ effect, name }) => effect !== 'read' && !name.startsWith('maintenance.'))

/** Calls of operations whose input must fit what others have made, or come before it lapses. Returns their names. */
async function useTogether(memory: Memory): Promise<OperationName[]> {
  const used: OperationName[] = []
  const call = async (name: OperationName, input: Record<string, unknown>) => {
    used.push(name)
    return (await operationOf(name).run(memory, input as never)) as never
  }
  await call('kv.storeMany', { records: [{ key: 'one', value: 1 }] })
  await call('agents.register', { id: 'gone', type: 'worker' })
  await call('agents.release', { id: 'gone' })
  await call('sessions.create', { id: 'session', data: { step: 1 } })
  await call('sessions.update', { id: 'session', patch: { step: 2 } })
  await call('sessions.resume', { id: 'session' })
  await call('shared.grantLease', { id: 'lease', owner: 'a', ttlMs: 600_000 })
  await call('shared.keepAlive', { id: 'lease' })
  await call('shared.update', { key: 'bound', value: 1, lease: 'lease' })
  await call('shared.revokeLease', { id: 'lease' })
  const reserved: { token: number } = await call('reservations.reserve', { globs: ['src/**'], owner: 'a' })
  await call('reservations.renew', { token: reserved.token })
  await call('reservations.release', { token: reserved.token, owner: 'a' })
  const lock: { token: number } = await call('locks.acquire', { name: 'lock', owner: 'a' })
  await call('locks.renew', { name: 'lock', token: lock.token })
  const names = ['one', 'two', 'three', 'four']
  await call('tasks.createMany', { tasks: names.map(id => ({ id, description: `task ${id}` })) })
  await call('tasks.update', { id: 'four', addDependencies: ['three'], addLabels: ['ui'], parentId: 'one' })
  await call('tasks.update', { id: 'four', removeDependencies: ['three'] })
  await call('tasks.comment', { id: 'four', body: 'looks well' })
  const claimed: { id: string; token: number }[] = await call('tasks.claim', { agentId: 'a', limit: 4 })
  const [one, two, three] = claimed.map(({ id, token }) => ({ id, token }))
  await call('tasks.heartbeat', { ...one })
  await call('tasks.complete', { ...one, result: { found: 'much' } })
  await call('tasks.fail', { ...two, error: 'no disk' })
  await call('tasks.release', { ...three })
  await call('tasks.schedule', { id: 'hourly', everyMs: 3_600_000, task: { description: 'every hour' } })
  await call('workflows.start', { id: 'flow', type: 'build' })
  await call('workflows.completeStep', { id: 'flow', name: 'first', result: 1 })
  await call('workflows.fork', { id: 'flow', newId: 'forked' })
  const nodes = ['x', 'y', 'z'].map(id => ({ id, role: 'worker' }))
  await call('topology.save', { swarmId: 'swarm', topologyType: 'custom', nodes, edges: [] })
  await call('topology.addNode', { swarmId: 'swarm', node: { id: 'w', role: 'worker' } })
  await call('topology.removeNode', { swarmId: 'swarm', node: 'z' })
  for (const key of ['yes', 'no'])
    await call('consensus.propose', { key, value: 1, proposer: 'x', voters: ['x', 'y', 'z'] })
  await call('consensus.accept', { key: 'yes', voter: 'y' })
  await call('consensus.reject', { key: 'no', voter: 'y' })
  await call('kv.store', { key: 'secret', value: 'a text' })
  await call('kv.redact', { key: 'secret' })
  await call('agents.storeMemory', { agentId: 'unregistered', key: 'secret', value: 'a text' })
  await call('agents.redactMemory', { agentId: 'unregistered', key: 'secret', vacuum: false })
  await call('patterns.store', { id: 'secret', type: 'secret', patternData: 'a text' })
  await call('patterns.redact', { id: 'secret', vacuum: false })
  // Of each kind that can be found one that nothing deletes again.
  const { revision }: { revision: number } = await call('kv.store', { key: 'found', value: 'a text' })
  await call('kv.revert', { key: 'found', revision })
  await call('agents.storeMemory', { agentId: 'unregistered', key: 'found', value: 'a text' })
  await call('events.log', { type: 'deployed', source: 'ci', data: 'a text' })
  const { items }: Page<AgentMemoryRecord> = await call('agents.listMemory', { agentId: 'unregistered' })
  await call('agents.revertMemory', { agentId: 'unregistered', key: 'found', revision: items[0]?.revision })
  const pattern: Pattern = await call('patterns.store', { type: 'found', patternData: 'a text' })
  await call('patterns.revert', { id: pattern.id, revision: pattern.revision })
  return used
}

/** Tries inputs that the operation's schema accepts until one works. Returns whether one did. */
async function use(memory: Memory, operation: Operation): Promise<boolean> {
  for (const input of fc.sample(inputsOf(operation), { numRuns: 50, seed: 1 })) {
    try {
      await operation.run(memory, input as never)
      return true
    } catch (error) {
      if (!(error instanceof HivewaxError)) throw error
    }
  }
  return false
}

describe.each(engines)('$name', ({ open }) => {
  it('finds nothing wrong with a store where every operation that writes was used, and all of it indexed', async () => {
    const memory = await open({ agentId: 'a' })
    const used = new Set<string>()
    for (const operation of writing) if (await use(memory, operation)) used.add(operation.name)
    for (const name of await useTogether(memory)) used.add(name)
    expect(writing.filter(({ name }) => !used.has(name)).map(({ name }) => name)).toEqual([])
    await memory.optimize()
    const indexed = await memory.query('select distinct source from hivewax_find_records order by source')
    const kinds = ['agent_memory', 'events', 'memory_store', 'patterns', 'tasks']
    expect(indexed.map(({ source }) => source)).toEqual(kinds)
    const { checks } = await memory.maintenance.doctor()
    // But that the tests' server does not wait for the disk.
    expect(checks.filter(({ ok, name }) => !ok && name !== 'durability')).toEqual([])
    expect(await memory.findOrphanedRecords()).toEqual([])
    const removed = await memory.cleanupOrphans()
    expect(Object.entries(removed).filter(([, count]) => count !== 0)).toEqual([])
  })
})
