import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type OperationName, operationOf, operations } from '../../src/operations.ts'
import type { Page } from '../../src/util/page.ts'
import { TestClock } from '../support/clock.ts'
import { emptyFile, openScratch } from '../support/memory.ts'
import { pagesOf, readsOf } from '../support/page-reads.ts'

type Inputs = Partial<Record<OperationName, readonly Record<string, unknown>[]>>

/** Lists of many pages. */
const walks: Inputs = {
  'agents.list': [{}],
  'consensus.list': [{}],
  'events.list': [
    {},
    { order: 'desc' },
    { until: 3_900 },
    { order: 'desc', until: 3_900 },
    { types: ['type-3'] },
  ],
  'kv.search': [{ glob: '*' }, { glob: 'key-*' }, { glob: '*', namespace: '*' }],
  'metrics.list': [{ name: 'build_ms' }, { until: '2100-01-01' }],
  'patterns.list': [{ type: 'fix' }],
  'sessions.list': [{}],
  'shared.list': [{}, { prefix: 'shared-' }],
  'tasks.list': [{}, { order: 'desc' }],
  'workflows.list': [{}],
}

/** Calls of each operation that reads. What they are about is as much in a large store as in a small one. */
const calls: Inputs = {
  'agents.list': [{ limit: 10 }, { alive: true }, { swarmId: 'few' }],
  'agents.get': [{ id: 'agent-1' }],
  'agents.work': [{ ids: ['w'] }],
  'agents.retrieveMemory': [{ agentId: 'agent-1', key: 'k' }],
  'agents.listMemory': [{ agentId: 'agent-1' }],
  'consensus.get': [{ key: 'proposal-1' }],
  'consensus.list': [{ limit: 10 }, { status: 'open' }],
  'briefing.briefing': [{}],
  'consensus.votes': [{ key: 'open-1' }],
  'events.list': [
    { limit: 10 },
    { since: 500, limit: 10 },
    { types: ['type-3'], limit: 10 },
    { order: 'desc', limit: 10 },
  ],
  'events.get': [{ id: 700 }],
  'events.latest': [{}, { types: ['type-3'] }],
  'events.count': [{ types: ['rare'] }],
  'events.offset': [{ group: 'g' }],
  'events.groups': [{}],
  'find.find': [{ text: 'needle' }],
  'kv.retrieve': [{ key: 'key-1' }],
  'kv.get': [{ key: 'key-1' }],
  'kv.search': [
    { glob: 'key-1*', limit: 10 },
    { glob: '*', limit: 10 },
    { glob: '*', namespace: '*', limit: 10 },
    { glob: 'key-10*', namespace: 'few', limit: 10 },
  ],
  'kv.retrieveMany': [{ keys: ['key-1', 'key-2'] }],
  'kv.namespaces': [{}],
  'locks.check': [{ name: 'lock', token: 1 }],
  'locks.get': [{ name: 'lock' }],
  'locks.list': [{}],
  'locks.leader': [{ name: 'lock' }],
  'metrics.list': [{ limit: 10 }, { name: 'build_ms', limit: 10 }],
  'metrics.names': [{}],
  'metrics.summary': [{ name: 'rare' }],
  'metrics.retention': [{}],
  'patterns.get': [{ id: 'pattern-1' }],
  'patterns.list': [{ limit: 10 }, { type: 'fix', limit: 10 }],
  'patterns.best': [{ type: 'fix' }],
  'sessions.get': [{ id: 'session-1' }],
  'sessions.list': [{ limit: 10 }],
  'shared.get': [{ key: 'shared-1' }],
  'shared.list': [{ limit: 10 }, { prefix: 'shared-10', limit: 10 }],
  'shared.history': [{ key: 'shared-1' }],
  'shared.lease': [{ id: 'lease' }],
  'shared.leases': [{}],
  'tasks.get': [{ id: 'task-1' }],
  'tasks.list': [
    { limit: 10 },
    { status: 'pending', limit: 10 },
    { status: 'running' },
    { status: 'failed' },
  ],
  'tasks.graph': [{ rootId: 'parent' }],
  'tasks.counts': [{}],
  'tasks.queues': [{}],
  'tasks.schedules': [{}],
  'tokens.list': [{}],
  'topology.get': [{ swarmId: 'swarm' }],
  'topology.list': [{}],
  'topology.history': [{ swarmId: 'swarm' }],
  'topology.neighbors': [{ swarmId: 'swarm', node: 'x' }],
  'topology.path': [{ swarmId: 'swarm', from: 'x', to: 'y' }],
  'topology.components': [{ swarmId: 'swarm' }],
  'workflows.get': [{ id: 'flow-1' }],
  'workflows.list': [{ limit: 10 }],
  'workflows.history': [{ id: 'flow-1' }],
  'workflows.steps': [{ id: 'flow-1' }],
  'workflows.getStep': [{ id: 'flow-1', name: 'first' }],
  'workflows.getRun': [{ id: 'run-1' }],
  'workflows.listRuns': [{ limit: 10 }],
}

/** Calls that read more of a larger store all the same, each with what bounds it. */
const exceptions: Readonly<Record<string, string>> = {
  'agents.list {"alive":true}': 'all agents: nothing has those in order that are alive',
  'briefing.briefing {}': 'what its parts read: the counts of tasks, and all agents to find those alive',
  'kv.namespaces {}': 'all records: it counts them',
  'patterns.list {"limit":10}': 'all patterns: nothing has those of all types in order',
  'tasks.list {"limit":10}': 'the ids of one slice of 5,000 tasks',
  'tasks.counts {}': 'all tasks: it counts them',
  'tasks.queues {}': 'the tasks that are ready or running: it counts them',
}

/** Calls that wait, or read the whole log. */
const apart = ['consensus.wait', 'events.verify']

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A store whose tables are `scale` times as large, and in which there is as much of what {@link calls} ask for. */
async function fill(memory: Memory, clock: TestClock, scale: number): Promise<void> {
  const records = (from: number, count: number, namespace: string, ttl?: number) =>
    range(count).map(i => ({ key: `key-${from + i}`, value: { text: `some words ${i}` }, namespace, ttl }))
  await memory.kv.storeMany(records(0, 1_000 * scale, 'default'))
  await memory.kv.storeMany(records(0, 300 * scale, 'expired', 1))
  await memory.kv.storeMany(records(100, 20, 'few'))
  await memory.kv.store('found', 'a needle')
  const ids = range(400 * scale)
  await memory.tasks.createMany(ids.map(i => ({ id: `old-${i}`, description: `old ${i}` })))
  for (let left = ids.length; left > 0; left -= 100)
    await memory.tasks.completeMany(await memory.tasks.claim({ agentId: 'w', limit: 100 }))
  await memory.tasks.createMany(range(300 * scale).map(i => ({ id: `task-${i}`, description: `waits ${i}` })))
  await memory.tasks.create({ id: 'parent', description: 'parent', priority: 'critical', queue: 'q' })
  const children = range(100 * scale).map(i => ({ description: `child ${i}`, dependencies: [`task-${i}`] }))
  await memory.tasks.createMany(children)
  await memory.tasks.claim({ agentId: 'w', limit: 5, leaseMs: 3_600_000 })
  await memory.events.logMany(range(1_000 * scale).map(i => ({ type: `type-${i % 5}`, data: { i } })))
  await memory.events.logMany(range(10).map(i => ({ type: 'rare', data: { i } })))
  for (const i of range(100 * scale)) {
    await Promise.all([
      memory.shared.update(`shared-${i}`, { i }),
      memory.sessions.create({ i }, { id: `session-${i}`, ttl: i % 2 === 0 ? 1 : 100_000 }),
      memory.agents.register({
        id: `agent-${i}`,
        type: 'worker',
        ttl: i < 10 ? 100_000 : 1,
        swarmId: i < 5 ? 'few' : 'all',
      }),
      memory.patterns.store({
        id: `pattern-${i}`,
        type: i % 2 ? 'fix' : 'plan',
        patternData: { i },
        confidence: (i % 97) / 97,
      }),
      memory.workflows.save(`flow-${i}`, { i }),
      memory.consensus.propose(`proposal-${i}`, { value: i, proposer: 'a', voters: ['a'] }),
    ])
  }
  for (const i of range(10))
    await memory.consensus.propose(`open-${i}`, { value: i, proposer: 'a', voters: ['a', 'b', 'c'] })
  await memory.workflows.completeStep('flow-1', 'first', 1)
  await memory.agents.storeMemory('agent-1', 'k', 'v')
  await memory.metrics.recordMany(
    range(1_000 * scale).map(i => ({ name: 'build_ms', value: i, timestamp: new Date(clock.now() - i) })),
  )
  await memory.metrics.recordMany(range(10).map(i => ({ name: 'rare', value: i })))
  const nodes = ['x', 'y'].map(id => ({ id, role: 'worker' }))
  await memory.topology.save({
    swarmId: 'swarm',
    topologyType: 'custom',
    nodes,
    edges: [{ from: 'x', to: 'y' }],
  })
  await memory.locks.acquire('lock', { owner: 'a', leaseMs: 3_600_000 })
  clock.advance(10_000)
  // Indexes what can be found, and makes statistics besides, on which no plan is to depend.
  await memory.optimize()
  await memory.execute('drop table if exists sqlite_stat1')
}

interface Store {
  memory: Memory
  file: string
}

async function open(scale: number): Promise<Store> {
  const clock = new TestClock()
  const file = emptyFile()
  const memory = await openScratch({ clock, durability: 'normal', cacheBytes: 0 }, file)
  await fill(memory, clock, scale)
  await memory.vacuum()
  return { memory, file }
}

/** How many pages of the file a call looks at. */
async function pagesOfCall({ memory, file }: Store, name: string, input: object): Promise<number> {
  const run = () => operationOf(name as OperationName).run(memory, input as never)
  return pagesOf(file, await readsOf(run)).reduce((sum, { pages }) => sum + pages, 0)
}

/** The same of the first and of the last page of a list. */
async function pagesOfWalk(store: Store, name: string, input: object): Promise<[number, number]> {
  let cursor: string | undefined
  let last: string | undefined
  do {
    last = cursor
    const page = await operationOf(name as OperationName).run(store.memory, { ...input, cursor } as never)
    cursor = (page as Page<unknown>).cursor
  } while (cursor !== undefined)
  expect(last).toBeDefined()
  return [await pagesOfCall(store, name, input), await pagesOfCall(store, name, { ...input, cursor: last })]
}

/** But for what the depth of the trees adds, and for records that are large. */
const isMore = (pages: number, than: number) => pages > 1.5 * than + 8

describe.skipIf(process.platform !== 'linux')('what an operation reads', () => {
  it('is known of each that reads', () => {
    const reading = operations.filter(
      ({ effect, name }) => effect === 'read' && !name.startsWith('maintenance.'),
    )
    const missing = reading.map(({ name }) => name).filter(name => calls[name] === undefined)
    expect(missing.sort()).toEqual(apart)
  })

  it('does not grow with the store', async () => {
    const [small, large] = [await open(1), await open(8)]
    const grown: string[] = []
    for (const [name, inputs] of Object.entries(calls)) {
      for (const input of inputs) {
        const [few, many] = [await pagesOfCall(small, name, input), await pagesOfCall(large, name, input)]
        if (isMore(many, few)) grown.push(`${name} ${JSON.stringify(input)}`)
      }
    }
    expect(grown).toEqual(Object.keys(exceptions))
  })

  it('is no more for the last page of a list than for the first', async () => {
    const store = await open(4)
    // Whatever has expired is passed over until it is removed.
    await store.memory.cleanup()
    const later: string[] = []
    for (const [name, inputs] of Object.entries(walks)) {
      for (const input of inputs) {
        const [first, last] = await pagesOfWalk(store, name, { limit: 50, ...input })
        if (isMore(last, first)) later.push(`${name} ${JSON.stringify(input)}: ${first} → ${last} pages`)
      }
    }
    expect(later).toEqual([])
  })
})
