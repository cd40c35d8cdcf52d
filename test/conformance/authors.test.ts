import os from 'node:os'
import { describe, expect, it } from 'vitest'
import { type Checksummed, checksummed } from '../../src/db/checksummed.ts'
import type { EventRecord } from '../../src/events/events.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { conform } from './conform.ts'

/** The tables whose records say who wrote them. */
const tables = Object.entries(checksummed as Record<string, Checksummed>)
  .filter(([, { checksums }]) => Object.values(checksums).some(covered => 'author' in covered))
  .map(([name]) => name)

const door = (memory: Memory) => (memory.url.startsWith('http') ? 'http' : 'library')

conform('authors', open => {
  it('are known of every record, of whatever kind', async () => {
    const memory = (await open()).as('coder-1')
    await storeEveryKind(memory)
    for (const table of tables) {
      const rows = await memory.query(`select author from ${table}`)
      expect(rows.length, table).toBeGreaterThan(0)
      const authors = new Set(rows.map(({ author }) => author))
      expect(
        [...authors].map(text => JSON.parse(String(text))),
        table,
      ).toEqual([{ agent: 'coder-1', via: door(memory) }])
    }
  })

  it('are told with each record', async () => {
    const memory = (await open()).as('coder-1')
    await storeEveryKind(memory)
    const author = { agent: 'coder-1', via: door(memory) }
    const id = 'no 1'
    expect(await memory.kv.get(id, { namespace: 'space' })).toMatchObject({ author })
    expect((await memory.kv.search('*', { namespace: 'space' })).items[0]).toMatchObject({ author })
    expect((await memory.agents.listMemory(id)).items[0]).toMatchObject({ author })
    expect(await memory.sessions.get(id)).toMatchObject({ author })
    expect(await memory.shared.get(id)).toMatchObject({ author })
    expect((await memory.shared.history(id)).items[0]).toMatchObject({ author })
    expect((await memory.events.list({ limit: 1 })).items[0]).toMatchObject({ author })
    expect(await memory.patterns.get(id)).toMatchObject({ author })
    expect(await memory.workflows.get(id)).toMatchObject({ author })
    expect((await memory.workflows.history(id)).items[0]).toMatchObject({ author })
    expect(await memory.topology.get(id)).toMatchObject({ author })
    expect(await memory.consensus.get(id)).toMatchObject({ author })
  })

  it('are of the write that a record holds', async () => {
    const memory = await open()
    await memory.as('first').store('key', 1)
    await memory.as('second').store('key', 2)
    expect(await memory.kv.get('key')).toMatchObject({ value: 2, author: { agent: 'second' } })
    await memory.as('third').transaction(tx => tx.store('key', 3))
    expect(await memory.kv.get('key')).toMatchObject({ value: 3, author: { agent: 'third' } })
    await memory.as('fourth').kv.storeMany([{ key: 'key', value: 4 }])
    expect(await memory.kv.get('key')).toMatchObject({ value: 4, author: { agent: 'fourth' } })
    const { revision } = (await memory.kv.get('key')) ?? { revision: 0 }
    await memory.as('fifth').store('key', 5, { expectedRevision: revision })
    expect(await memory.kv.get('key')).toMatchObject({ value: 5, author: { agent: 'fifth' } })
  })

  it('are known after several writes of a record in one transaction', async () => {
    const memory = (await open()).as('coder-1')
    await memory.transaction(async tx => {
      for (const value of [1, 2, 3]) {
        await tx.store('key', value)
        await tx.storeAgentMemory('coder-1', 'key', value)
        await tx.shared.update('key', value)
        await tx.patterns.store({ id: 'key', type: 'sort', patternData: value })
        await tx.workflows.save('key', value)
        await tx.topology.save({ swarmId: 'key', topologyType: 'mesh', nodes: [`${value}`] })
        await tx.consensus.propose('key', { value })
      }
    })
    const records = [
      await memory.kv.get('key'),
      (await memory.agents.listMemory('coder-1')).items[0],
      await memory.shared.get('key'),
      await memory.patterns.get('key'),
      await memory.workflows.get('key'),
      await memory.topology.get('key'),
      await memory.consensus.get('key'),
    ]
    for (const record of records) expect(record).toMatchObject({ author: { agent: 'coder-1' } })
  })

  it('are known of what is written twice within a millisecond', async () => {
    const memory = (await open({ clock: new TestClock() })).as('coder-1')
    for (const value of [1, 2, 3]) {
      await memory.store('key', value)
      await memory.storeAgentMemory('coder-1', 'key', value)
      await memory.patterns.store({ id: 'key', type: 'sort', patternData: value })
    }
    const records = [
      await memory.kv.get('key'),
      (await memory.agents.listMemory('coder-1')).items[0],
      await memory.patterns.get('key'),
    ]
    for (const record of records) expect(record).toMatchObject({ author: { agent: 'coder-1' } })
  })

  it('are not whoever notices that a lease has lapsed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lease = await memory.as('holder').shared.grantLease({ ttlMs: 1_000 })
    await memory.as('holder').shared.update('bound', 1, { lease: lease.id })
    clock.advance(2_000)
    await memory.as('passer-by').shared.update('other', 1)
    const [deleted] = (await memory.shared.history('bound')).items
    expect(deleted).toMatchObject({ deleted: true, author: { agent: 'hivewax', via: 'upkeep' } })
  })

  it('are the store itself for all that a call of somebody else finds due', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const holder = memory.as('holder')
    await holder.topology.save({ swarmId: 's', topologyType: 'mesh', nodes: ['holder', 'other'] })
    await holder.tasks.createMany([
      { id: 'lapses', description: 'x' },
      { id: 'dies', description: 'x', maxAttempts: 1 },
      { id: 'waits', description: 'x', dependencies: ['dies'] },
    ])
    await holder.tasks.schedule({ id: 'hourly', task: { description: 'x' }, everyMs: 3_600_000 })
    await holder.tasks.claim({ limit: 2, leaseMs: 1_000 })
    await memory.execute(
      `insert into tasks (id, description, status, dependencies) values ('foreign', 'x', 'pending', '["none"]')`,
    )
    await holder.agents.register({ id: 'holder', type: 'coder', ttl: 1 })
    await holder.agents.register({ id: 'other', type: 'coder', ttl: 1 })
    const { id: before = 0 } = (await memory.events.latest()) ?? {}
    clock.advance(3_600_000)
    await memory.as('passer-by').agents.register({ id: 'other', type: 'coder' })
    for (let i = 0; i < 3; i++) await memory.as('passer-by').tasks.claim()
    const { items } = await memory.events.list({ since: before })
    const isOwn = ({ type }: EventRecord) => type === 'task.claimed' || type === 'agent.registered'
    const found = items.filter(event => !isOwn(event))
    expect(found.map(({ type, data }) => [type, Object.values(data as object)[0]]).sort()).toEqual([
      ['agent.lapsed', 'holder'],
      ['agent.lapsed', 'other'],
      ['task.created', expect.any(String)],
      ['task.dead', 'dies'],
      ['task.failed', 'foreign'],
      ['task.failed', 'waits'],
      ['task.released', 'lapses'],
      ['topology.repaired', 's'],
      ['topology.repaired', 's'],
    ])
    const author = { agent: 'hivewax', via: 'upkeep' }
    for (const event of found) expect(event).toMatchObject({ source: 'system', author })
    expect(await memory.topology.get('s')).toMatchObject({ version: 3, author })
    for (const event of items.filter(isOwn)) expect(event).toMatchObject({ author: { agent: 'passer-by' } })
  })

  it('are the account of the process where no agent acts', async () => {
    const memory = await open()
    await memory.store('key', 1)
    const record = await memory.kv.get('key')
    expect(record?.author).toEqual({ agent: os.userInfo().username, via: door(memory) })
  })

  it('are no longer known once other SQL has changed a record', async () => {
    const memory = await open()
    await memory.store('key', 1)
    await memory.execute("update memory_store set value = '2' where key = 'key'")
    expect(await memory.kv.get('key')).toMatchObject({ value: 2, author: undefined })
    await memory.execute("insert into patterns (id, type, pattern_data) values ('foreign', 'sort', '1')")
    expect(await memory.patterns.get('foreign')).toMatchObject({ author: undefined })
  })

  it('stay what they are when SQL changes nothing of what was given', async () => {
    const memory = (await open()).as('coder-1')
    await memory.store('key', 1)
    await memory.execute("update memory_store set expires_at = '2999-01-01 00:00:00.000' where key = 'key'")
    expect(await memory.kv.get('key')).toMatchObject({ author: { agent: 'coder-1' } })
  })
})

describe('tables', () => {
  it('with authors are those of what agents write', () => {
    expect(tables.sort()).toEqual([
      'agent_memory',
      'consensus_state',
      'events',
      'hivewax_agent_memory_history',
      'hivewax_memory_history',
      'hivewax_pattern_history',
      'hivewax_shared_history',
      'hivewax_task_comments',
      'hivewax_workflow_history',
      'memory_store',
      'patterns',
      'sessions',
      'shared_state',
      'swarm_topology',
      'workflow_state',
    ])
  })
})
