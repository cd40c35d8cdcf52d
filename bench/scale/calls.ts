import type { Memory } from '../../src/memory.ts'
import { type OperationName, operationOf, operations } from '../../src/operations.ts'
import { words } from '../words.ts'
import { mainNamespace, queueOf, typeOf } from './fill.ts'

/** One line of the table: a call by its name, which a store answers again and again. */
export interface Call {
  readonly name: string
  run(memory: Memory, round: number): Promise<unknown>
}

type Inputs = Partial<Record<OperationName, readonly Record<string, unknown>[]>>

const namespace = mainNamespace
const sentence = 'w1 w2 w3 w5 w8 wd wx w1k'

/** What each operation that reads is asked, of what is in every store that `fill` has filled. */
const reads: Inputs = {
  'briefing.briefing': [{}],
  'kv.retrieve': [{ key: 'key-1', namespace }],
  'kv.get': [{ key: 'key-1', namespace }],
  'kv.retrieveMany': [{ keys: ['key-1', 'key-2', 'key-3'], namespace }],
  'kv.history': [{ key: 'key-1', namespace }],
  'kv.diff': [{ key: 'key-1', from: 1, namespace }],
  'history.retention': [{}],
  'kv.search': [
    { glob: '*', namespace: '*' },
    { glob: '*', namespace },
    { glob: 'key-1*', namespace },
    { glob: '*x', namespace, limit: 10 },
  ],
  'kv.namespaces': [{}],
  'find.find': [
    { text: 'rareword' },
    { text: 'middlingword' },
    { text: 'commonword' },
    { text: 'commonword rareword' },
    { text: 'commonword middlingword' },
    { text: sentence },
    { text: 'commonword', namespace: 'namespace-1' },
    { text: 'commonword w1', in: ['events'] },
    { text: 'absentword' },
  ],
  'sessions.get': [{ id: 'session-1' }],
  'sessions.list': [{}],
  'agents.list': [{}, { alive: true }, { swarmId: 'swarm-1' }],
  'agents.get': [{ id: 'agent-1' }],
  'agents.work': [{ ids: ['agent-1'] }],
  'agents.retrieveMemory': [{ agentId: 'agent-1', key: 'notes' }],
  'agents.memoryHistory': [{ agentId: 'agent-1', key: 'notes' }],
  'agents.listMemory': [{ agentId: 'agent-1' }],
  'tasks.get': [{ id: 'ended-1' }],
  'tasks.comments': [{ id: 'ended-1' }],
  'tasks.list': [
    {},
    { order: 'desc' },
    { status: 'pending', limit: 20 },
    { status: 'completed', limit: 20 },
    { status: 'running' },
    { status: 'failed' },
  ],
  'tasks.graph': [{ rootId: 'ready-0' }],
  'tasks.counts': [{}],
  'tasks.queues': [{}],
  'tasks.schedules': [{}],
  'events.list': [{ limit: 10 }, { order: 'desc', limit: 10 }, { types: [typeOf(1)], limit: 10 }],
  'events.get': [{ id: 10 }],
  'events.latest': [{}, { types: [typeOf(1)] }],
  'events.count': [{}, { types: [typeOf(1)] }],
  'events.offset': [{ group: 'readers' }],
  'events.groups': [{}],
  'shared.get': [{ key: 'shared-1' }],
  'shared.list': [{}, { prefix: 'shared-1' }],
  'shared.history': [{ key: 'shared-1' }],
  'shared.lease': [{ id: 'none' }],
  'shared.leases': [{}],
  'patterns.get': [{ id: 'pattern-1' }],
  'patterns.history': [{ id: 'pattern-1' }],
  'patterns.list': [{}, { type: 'kind-1' }],
  'patterns.best': [{ type: 'kind-1' }],
  'metrics.list': [{ name: 'metric-1', limit: 10 }],
  'metrics.names': [{}],
  'metrics.summary': [{ name: 'metric-1', since: '1h' }],
  'metrics.retention': [{}],
  'workflows.get': [{ id: 'flow-0' }],
  'workflows.list': [{}],
  'workflows.history': [{ id: 'flow-0' }],
  'workflows.steps': [{ id: 'flow-0' }],
  'workflows.getStep': [{ id: 'flow-0', name: 'first' }],
  'workflows.getRun': [{ id: 'none' }],
  'workflows.listRuns': [{}],
  'consensus.get': [{ key: 'proposal-0' }],
  'consensus.list': [{}, { status: 'open' }],
  'consensus.votes': [{ key: 'proposal-0' }],
  'locks.check': [{ name: 'none', token: 1 }],
  'locks.get': [{ name: 'none' }],
  'locks.list': [{}],
  'locks.leader': [{ name: 'none' }],
  'reservations.list': [{}],
  'tokens.list': [{}],
  'topology.get': [{ swarmId: 'swarm' }],
  'topology.list': [{}],
  'topology.history': [{ swarmId: 'swarm' }],
  'topology.neighbors': [{ swarmId: 'swarm', node: 'x' }],
  'topology.path': [{ swarmId: 'swarm', from: 'x', to: 'y' }],
  'topology.components': [{ swarmId: 'swarm' }],
}

/** Calls that wait, or are to read all there is. */
const apart: ReadonlySet<string> = new Set<OperationName>(['consensus.wait', 'events.verify'])

/** The operations that read and are measured by no call. */
export function unmeasured(): string[] {
  return operations
    .filter(({ effect, name }) => effect === 'read' && !name.startsWith('maintenance.') && !apart.has(name))
    .map(({ name }) => name)
    .filter(name => reads[name] === undefined)
}

export function readingCalls(): Call[] {
  return Object.entries(reads).flatMap(([name, inputs]) => inputs.map(input => reading(name, input)))
}

function reading(name: string, input: Record<string, unknown>): Call {
  const { run } = operationOf(name as OperationName)
  const given = Object.keys(input).length === 0 ? '' : ` ${JSON.stringify(input)}`
  return { name: `${name}${given}`, run: memory => run(memory, input) }
}

/** The writes of which a swarm makes many. */
export function writingCalls(): Call[] {
  const write = (name: string, run: Call['run']): Call => ({ name, run })
  return [
    write('kv.store, a new key', (memory, i) => memory.store(`new-${i}`, { text: words(i) }, { namespace })),
    write('kv.store, over another', (memory, i) => memory.store('new-0', { text: words(i) }, { namespace })),
    write('kv.storeMany of 100', (memory, i) =>
      memory.kv.storeMany(
        Array.from({ length: 100 }, (_, n) => ({ key: `many-${n}`, value: words(i + n), namespace })),
      ),
    ),
    write('kv.delete', (memory, i) => memory.delete(`new-${i}`, { namespace })),
    write('tasks.create', (memory, i) => memory.tasks.create({ description: words(i), queue: queueOf(i) })),
    write('tasks.claim, heartbeat and complete', async memory => {
      const [task] = await memory.tasks.claim({ agentId: 'worker' })
      if (task === undefined) return
      await memory.tasks.heartbeat(task)
      await memory.tasks.complete(task)
    }),
    write('events.log', (memory, i) => memory.events.log({ type: typeOf(i), data: { i } })),
    write('shared.update', (memory, i) => memory.shared.update('shared-0', { i })),
    write('sessions.create', (memory, i) => memory.sessions.create({ i })),
    write('sessions.update', (memory, i) => memory.sessions.update('session-0', { i })),
    write('sessions.resume', memory => memory.sessions.resume('session-0')),
    write('agents.register', (memory, i) => memory.agents.register({ id: `new-${i}`, type: 'coder' })),
    write('agents.heartbeat', memory => memory.agents.heartbeat('agent-0')),
    write('agents.storeMemory', (memory, i) => memory.agents.storeMemory('agent-0', 'notes', words(i))),
    write('patterns.store', (memory, i) =>
      memory.patterns.store({ id: `new-${i}`, type: 'kind-1', patternData: words(i, 12) }),
    ),
    write('patterns.recordOutcome', memory => memory.patterns.recordOutcome('pattern-0', { success: true })),
    write('metrics.record', (memory, i) => memory.metrics.record('metric-1', i)),
    write('workflows.save', (memory, i) => memory.workflows.save('flow-0', { i })),
    write('consensus.propose and accept', async (memory, i) => {
      await memory.consensus.propose(`new-${i}`, { value: i, proposer: 'a', voters: ['a', 'b'] })
      await memory.consensus.accept(`new-${i}`, { voter: 'a' })
    }),
    write('reservations.reserve and release', async memory => {
      await memory.reservations.reserve(['src/**'], { owner: 'a' })
      await memory.reservations.release({ owner: 'a' })
    }),
    write('locks.acquire and release', async memory => {
      const lock = await memory.locks.acquire('lock', { owner: 'a' })
      await memory.locks.release(lock)
    }),
  ]
}
