import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

/** Tables that grow with what a swarm does. */
const large = ['tasks', 'hivewax_task_dependencies', 'events', 'memory_store']

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => `task-${from + i}`)

/** A store with a backlog, a history, and tasks that wait for others. */
async function fill(memory: Memory): Promise<void> {
  for (let i = 0; i < 10_000; i += 5_000)
    await memory.tasks.createMany(ids(i, 5_000).map(id => ({ id, description: id })))
  const children = ids(20_000, 2_000).map((id, i) => ({ id, description: id, dependencies: [`task-${i}`] }))
  await memory.tasks.createMany(children)
  await memory.tasks.completeMany(await memory.tasks.claim({ agentId: 'w', limit: 500 }))
  await memory.agents.register({ id: 'w', type: 'worker' })
  await memory.kv.storeMany(ids(0, 5_000).map(key => ({ key, value: key })))
}

/** What a swarm does again and again, one by one and many at once, with what follows from it. */
async function work(memory: Memory): Promise<void> {
  await memory.tasks.create({ description: 'one' })
  await memory.tasks.create({ description: 'two', dependencies: ['task-9000'], idempotencyKey: 'two' })
  await memory.tasks.createMany([{ description: 'three' }, { description: 'four' }])
  const [one, two, ...more] = await memory.tasks.claim({ agentId: 'w', limit: 100 })
  const [single] = await memory.tasks.claim({ agentId: 'w' })
  if (one === undefined || two === undefined || single === undefined) throw new Error('there was to be work')
  await memory.tasks.heartbeat(one)
  await memory.tasks.heartbeatMany(more)
  await memory.tasks.stale(more)
  await memory.tasks.fail({ ...one, error: 'x', retry: false })
  await memory.tasks.release(two)
  await memory.tasks.complete(single)
  await memory.tasks.completeMany(more)
  await memory.tasks.cancel('task-1999')
  await memory.tasks.redrive('task-1999')
  await memory.tasks.get('task-1')
  await memory.tasks.graph({ rootId: 'task-1500' })
  await memory.kv.retrieveMany(['task-1', 'task-2'])
  await memory.transaction(async tx => {
    await tx.tasks.create({ description: 'five' })
    const claimed = await tx.tasks.claim({ agentId: 'w', limit: 2 })
    await tx.tasks.completeMany(claimed)
    await tx.tasks.get('task-1')
  })
}

/** The statements that the connection of this handle has prepared, with the tables that their plans read whole. */
async function scansOf(memory: Memory, url: string): Promise<{ statements: number; scans: string[] }> {
  const prepared = await memory.transaction(tx => tx.query('select statement from pg_prepared_statements'))
  const scans: string[] = []
  await withClient(async client => {
    for (const { statement } of prepared) {
      const { rows } = await client.query({ text: `explain (generic_plan) ${statement}`, rowMode: 'array' })
      const scanned = rows.flatMap(([line]) => /Seq Scan on (\w+)/.exec(String(line))?.[1] ?? [])
      if (scanned.some(table => large.includes(table))) scans.push(`${scanned.join()}: ${statement}`)
    }
  }, url)
  return { statements: prepared.length, scans }
}

for (const analyze of [false, true]) {
  it(`reads no large table whole while a swarm works${analyze ? ', after analyze too' : ''}`, async () => {
    const url = await emptyUrl()
    const filler = await openPostgresScratch({}, url)
    await fill(filler)
    if (analyze) await filler.execute('analyze')
    // All of it goes over one connection, which so knows every statement.
    const memory = await openPostgresScratch({ maxConnections: 1 }, url)
    await work(memory)
    const { statements, scans } = await scansOf(memory, url)
    expect(statements).toBeGreaterThan(30)
    expect(scans).toEqual([])
  })
}
