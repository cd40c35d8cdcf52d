import type { Memory } from '../../src/memory.ts'

/** What the records of each kind are called. */
export const namesOfEach = ['no 1', 'no 2', 'no 3'] as const

/** Gives a store records of every kind, each with every field that a caller can give, all of them different texts. */
export async function storeEveryKind(memory: Memory, names: readonly string[] = namesOfEach): Promise<void> {
  for (const name of names) await storeOfEach(memory, name)
  await memory.metrics.recordMany([1.5, 2.5].map(value => ({ name: 'rolled', value, tags: { host: 'a' } })))
  await memory.execute(
    "update performance_metrics set timestamp = '2026-01-02 03:04:05.678' where metric_name = 'rolled'",
  )
  await memory.metrics.rollup({ olderThan: '1h' })
  await memory.find('kept')
}

async function storeOfEach(memory: Memory, name: string): Promise<void> {
  const said = (what: string) => ({ [what]: `kept of ${name}`, more: 'x'.repeat(60) })
  await memory.store(name, said('former'), { metadata: said('before'), namespace: 'space' })
  await memory.store(name, said('value'), { metadata: said('metadata'), namespace: 'space' })
  await memory.sessions.create(said('session'), { id: name })
  const agent = { id: name, type: `type ${name}`, swarmId: `swarm ${name}`, capabilities: [`able ${name}`] }
  await memory.agents.register({ ...agent, state: said('state'), metadata: said('about') })
  for (const round of ['first note', 'note']) await memory.storeAgentMemory(name, 'note', said(round))
  await storeTasks(memory, name, said)
  for (const round of ['first', 'second'])
    await memory.shared.update(name, said(round), { updatedBy: `by ${name}` })
  await memory.events.log({ type: `type ${name}`, source: `source ${name}`, data: said('event') })
  for (const round of ['former ', ''])
    await memory.patterns.store({
      id: name,
      type: `${round}sort ${name}`,
      patternData: said(`${round}pattern`),
      metadata: said(`${round}pm`),
    })
  await memory.metrics.record(`metric ${name}`, 1.25, { tag: `tag ${name}` })
  await storeWorkflows(memory, name, said)
  const topologyType = 'custom'
  const nodes = [{ id: `node ${name}` }, { id: `other ${name}` }]
  const edges = [{ from: `node ${name}`, to: `other ${name}` }]
  await memory.topology.save({ swarmId: name, topologyType, nodes, edges, metadata: said('topology') })
  const weights = { [`yes ${name}`]: 2, [`no ${name}`]: 1, third: 2 }
  await memory.consensus.propose(name, { value: said('choice'), proposer: `proposer ${name}`, weights })
  await memory.consensus.accept(name, { voter: `yes ${name}` })
  await memory.consensus.reject(name, { voter: `no ${name}` })
  await memory.tokens.create({
    principal: `who ${name}`,
    permissions: ['memory:read'],
    namespaces: [`only ${name}`],
    agentId: `agent ${name}`,
  })
}

type Said = (what: string) => Record<string, string>

async function storeTasks({ tasks }: Memory, name: string, said: Said): Promise<void> {
  await tasks.create({ id: `before ${name}`, description: `first ${name}` })
  await tasks.create({
    id: name,
    description: `description ${name}`,
    dependencies: [`before ${name}`],
    requires: [`skill ${name}`],
    queue: `queue ${name}`,
    payload: said('payload'),
    backoff: { baseMs: 12_345, capMs: 67_890 },
    idempotencyKey: `once ${name}`,
    createdBy: `creator ${name}`,
  })
  const [first] = await tasks.claim({ agentId: name, queues: ['default'] })
  if (first === undefined) throw new Error('there was a task to claim')
  await tasks.heartbeat({ ...first, progress: said('progress') })
  await tasks.fail({ ...first, error: `error ${name}` })
  await tasks.create({ id: `after ${name}`, description: `third ${name}` })
  await tasks.update(`after ${name}`, { labels: [`label ${name}`], parentId: `before ${name}` })
  await tasks.comment(`after ${name}`, `comment ${name}`)
  const [second] = await tasks.claim({ agentId: name, queues: ['default'] })
  if (second === undefined) throw new Error('there was a task to claim')
  await tasks.complete({ ...second, result: said('result') })
  const timezone = 'Europe/Zurich'
  await tasks.schedule({ id: name, cron: '0 3 1 1 *', timezone, task: { description: `yearly ${name}` } })
}

async function storeWorkflows({ workflows, url }: Memory, name: string, said: Said): Promise<void> {
  const workflowType = `kind ${name}`
  const isRemote = url.startsWith('http')
  await workflows.save(name, said('before'), { workflowType, checkpoint: said('checkpoint') })
  await workflows.save(name, said('after'), { workflowType })
  await workflows.step(name, 'first', () => said('step'))
  // Code of a program, which no server runs for it.
  if (isRemote) return
  await workflows.run(name, () => said('outcome'), { input: said('input'), type: workflowType })
  await workflows.signal(name, 'go', said('signal'))
  await workflows
    .run(`failing ${name}`, () => Promise.reject(new Error(`broke ${name}`)), { input: said('put') })
    .catch(() => {})
}
