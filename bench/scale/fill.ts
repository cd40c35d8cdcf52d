import type { Memory } from '../../src/memory.ts'
import { words } from '../words.ts'

/** The largest part of the records lies here. */
export const mainNamespace = 'project'

export const queueOf = (i: number) => `queue-${i % 40}`
export const typeOf = (i: number) => `type-${i % 50}`

/** One kind of records, and how a batch of them is stored. */
interface Kind {
  readonly name: string
  readonly count: number
  readonly batch: number
  store(items: readonly number[]): Promise<unknown>
}

/** What a swarm has left behind after two years, for a store of so many records in all. */
export function proportions(records: number) {
  const of = (tenMillion: number) => Math.max(1, Math.round((records * tenMillion) / 10_000_000))
  return {
    main: of(2_100_000),
    others: of(400_000),
    expired: of(500_000),
    ended: of(900_000),
    ready: of(20_000),
    blocked: of(80_000),
    // The tasks log events too.
    events: of(1_000_000),
    shared: of(200_000),
    changes: of(800_000),
    sessions: of(100_000),
    agents: of(20_000),
    patterns: of(50_000),
    points: of(2_000_000),
    workflows: of(10_000),
    proposals: of(10_000),
  }
}

export type Proportions = ReturnType<typeof proportions>

/** Fills a store by its own calls, in batches, and says how far it is. */
export async function fill(
  memory: Memory,
  counts: Proportions,
  onProgress: (kind: string, fraction: number) => void,
): Promise<void> {
  const kinds = [...memories(memory, counts), ...work(memory, counts), ...swarm(memory, counts)]
  const all = kinds.reduce((sum, { count }) => sum + count, 0)
  let done = 0
  for (const { name, count, batch, store } of kinds) {
    for (let from = 0; from < count; from += batch) {
      onProgress(name, done / all)
      const size = Math.min(batch, count - from)
      await store(Array.from({ length: size }, (_, i) => from + i))
      done += size
    }
  }
  onProgress('records', 1)
}

function memories(memory: Memory, { main, others, expired, patterns, sessions }: Proportions): Kind[] {
  const record = (i: number) => ({ key: `key-${i}`, value: { text: words(i), n: i } })
  const many = (place: (i: number) => object) => (items: readonly number[]) =>
    memory.kv.storeMany(items.map(i => ({ ...record(i), ...place(i) })))
  return [
    {
      name: 'expired memory',
      count: expired,
      batch: 500,
      store: many(() => ({ namespace: 'expired', ttl: 0.001 })),
    },
    { name: 'memory', count: main, batch: 500, store: many(() => ({ namespace: mainNamespace })) },
    { name: 'memory', count: others, batch: 500, store: many(i => ({ namespace: `namespace-${i % 39}` })) },
    {
      name: 'patterns',
      count: patterns,
      batch: 100,
      store: each(i =>
        memory.patterns.store({
          id: `pattern-${i}`,
          type: `kind-${i % 20}`,
          patternData: { text: words(i, 12) },
          confidence: (i % 97) / 97,
        }),
      ),
    },
    {
      name: 'sessions',
      count: sessions,
      batch: 100,
      store: each(i => memory.sessions.create({ step: i }, { id: `session-${i}`, ttl: 10_000_000 })),
    },
  ]
}

function work(memory: Memory, { ended, ready, blocked, events, points }: Proportions): Kind[] {
  const { tasks } = memory
  const task = (id: string, i: number) => ({ id, description: words(i, 12), queue: queueOf(i) })
  return [
    {
      name: 'ended tasks',
      count: ended,
      batch: 500,
      store: async items => {
        await tasks.createMany(items.map(i => task(`ended-${i}`, i)))
        const claims = await tasks.claim({ agentId: 'worker', limit: items.length })
        await tasks.completeMany(claims.map(({ id, token }) => ({ id, token, result: 'done' })))
      },
    },
    {
      name: 'ready tasks',
      count: ready,
      batch: 500,
      store: items => tasks.createMany(items.map(i => task(`ready-${i}`, i))),
    },
    {
      name: 'blocked tasks',
      count: blocked,
      batch: 500,
      store: items =>
        tasks.createMany(
          items.map(i => ({ ...task(`blocked-${i}`, i), dependencies: [`ready-${i % ready}`] })),
        ),
    },
    {
      name: 'events',
      count: events,
      batch: 500,
      store: items =>
        memory.events.logMany(
          items.map(i => ({ type: typeOf(i), source: 'bench', data: { text: words(i, 8) } })),
        ),
    },
    {
      name: 'measurements',
      count: points,
      batch: 1_000,
      store: items => {
        const spreadMs = (30 * 86_400_000) / points
        const at = (i: number) => new Date(Date.now() - Math.round(i * spreadMs))
        return memory.metrics.recordMany(
          items.map(i => ({ name: `metric-${i % 20}`, value: i % 1_000, timestamp: at(i) })),
        )
      },
    },
  ]
}

function swarm(memory: Memory, counts: Proportions): Kind[] {
  const { shared, changes, agents, workflows, proposals } = counts
  const nodes = ['x', 'y'].map(id => ({ id, role: 'worker' }))
  const edges = [{ from: 'x', to: 'y' }]
  return [
    {
      name: 'topology',
      count: 1,
      batch: 1,
      store: () => memory.topology.save({ swarmId: 'swarm', topologyType: 'custom', nodes, edges }),
    },
    {
      name: 'shared state',
      count: changes,
      batch: 200,
      store: each(i => memory.shared.update(`shared-${i % shared}`, { step: i })),
    },
    {
      name: 'agents',
      count: agents,
      batch: 100,
      store: each(i =>
        memory.agents.register({
          id: `agent-${i}`,
          type: 'coder',
          swarmId: `swarm-${i % 100}`,
          // A hundred are alive.
          ttl: i < 100 ? 10_000_000 : 0.001,
        }),
      ),
    },
    {
      name: 'workflows',
      count: 10 * workflows,
      batch: 100,
      store: each(i => memory.workflows.save(`flow-${i % workflows}`, { step: i })),
    },
    {
      name: 'proposals',
      count: proposals,
      batch: 100,
      store: each(i =>
        memory.consensus.propose(`proposal-${i}`, {
          value: i,
          proposer: 'a',
          // One in a hundred is still open.
          voters: i % 100 === 0 ? ['a', 'b', 'c'] : ['a'],
          acceptors: ['a'],
        }),
      ),
    },
  ]
}

/** Calls that are made at once share commits. */
function each(call: (i: number) => Promise<unknown>): Kind['store'] {
  return items => Promise.all(items.map(call))
}
