import type { Memory } from '../../src/memory.ts'

/**
 * What a store answers about records of every kind, as JSON. Nothing of it changes with time once every lease has lapsed, nor
 * with the machine.
 */
export async function answers(memory: Memory): Promise<unknown> {
  const { kv, agents, tasks, shared, events, workflows, topology, consensus, locks, metrics } = memory
  const ids = (await tasks.list({ limit: 100 })).items.map(({ id }) => id).sort()
  const given = {
    memory: await kv.search('*', { namespace: '*' }),
    session: await memory.sessions.get('session'),
    agents: await agents.list(),
    notes: await agents.listMemory('ada'),
    tokens: await memory.tokens.list(),
    tasks: await Promise.all(ids.map(id => tasks.get(id))),
    graph: await tasks.graph(),
    queues: await tasks.queues(),
    schedules: await tasks.schedules(),
    shared: await shared.list(),
    history: await shared.history('plan'),
    events: await events.list(),
    offset: await events.offset('readers'),
    verified: await events.verify().catch(error => error.code),
    workflows: await workflows.list(),
    steps: await workflows.steps('saved'),
    versions: await workflows.history('saved'),
    runs: await workflows.listRuns(),
    topology: await topology.get('swarm'),
    consensus: await consensus.list(),
    votes: await consensus.votes('leader'),
    locks: await locks.list(),
    patterns: await memory.patterns.list(),
    metrics: await metrics.summary('latency'),
    retention: await metrics.retention(),
    found: (await memory.find('bees')).map(({ in: kind, snippet }) => ({ kind, snippet })),
  }
  return JSON.parse(JSON.stringify(given))
}
