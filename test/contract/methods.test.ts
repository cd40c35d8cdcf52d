import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { methods } from './methods.ts'

type Check = (memory: Memory, clock: TestClock) => Promise<unknown>

const hourMs = 3_600_000

async function lifeOf(memory: Memory, key: string, namespace: string): Promise<number> {
  const record = await memory.kv.get(key, { namespace })
  return (Number(record?.expiresAt) - Number(record?.updatedAt)) / 1_000
}

/** One use of every method of the contract, and what is then true. A ferry company serves as the example. */
const uses: Record<(typeof methods)[number], Check> = {
  async store(memory) {
    await memory.store('timetable', { summer: true, sailings: [7, 12, 18] })
    await memory.store('gate_code', '4711', { namespace: 'harbour', ttl: 3600 })
    await memory.store('tide', 2.4, { namespace: 'sensors', ttl: 300 })
    expect(await memory.retrieve('timetable')).toEqual({ summer: true, sailings: [7, 12, 18] })
    expect((await memory.kv.get('timetable'))?.expiresAt).toBeUndefined()
    expect(await lifeOf(memory, 'gate_code', 'harbour')).toBe(3600)
    expect(await lifeOf(memory, 'tide', 'sensors')).toBe(300)
  },
  async storeAgentMemory(memory) {
    await memory.storeAgentMemory('pilot-7', 'routes', [{ from: 'Quay', to: 'Island' }])
    expect(await memory.agents.retrieveMemory('pilot-7', 'routes')).toEqual([{ from: 'Quay', to: 'Island' }])
    expect(await memory.agents.get('pilot-7')).toMatchObject({ type: 'unregistered' })
  },
  async retrieve(memory) {
    await memory.store('captain', 'Ines')
    await memory.store('captain', 'Odo', { namespace: 'night' })
    expect(await memory.retrieve('captain')).toBe('Ines')
    expect(await memory.retrieve('captain', { namespace: 'night' })).toBe('Odo')
    expect(await memory.retrieve('captain', { namespace: 'noon' })).toBeUndefined()
  },
  async search(memory) {
    for (const key of ['ship_b', 'ship_a', 'shipyard', 'ship_c']) await memory.store(key, key)
    await memory.store('ship_z', 'elsewhere', { namespace: 'other' })
    const found = await memory.search('ship_*', { namespace: 'default', limit: 2 })
    expect(found.map(({ key, value }) => [key, value])).toEqual([
      ['ship_a', 'ship_a'],
      ['ship_b', 'ship_b'],
    ])
    expect(await memory.search('ship_*')).toHaveLength(3)
  },
  async query(memory, clock) {
    const now = Date.now()
    for (const hoursAgo of [0.1, 0.9, 1.1, 6, 12, 23.9, 24.1, 36]) {
      clock.setWall(now - hoursAgo * hourMs)
      await memory.metrics.record('boarding_minutes', hoursAgo)
      await memory.metrics.record('other', 100)
      const { id } = await memory.tasks.create({ id: `${hoursAgo} h ago`, description: 'moor' })
      const [claimed] = await memory.tasks.claim({ agentId: 'deckhand' })
      await memory.tasks.complete({ id, token: claimed!.token, result: null })
    }
    await memory.tasks.create({ description: 'not done' })
    const ended = await memory.query(
      `select id from tasks where status = 'completed' and completed_at > datetime('now', '-1 day')
       order by completed_at desc`,
    )
    expect(ended.map(({ id }) => id)).toEqual([0.1, 0.9, 1.1, 6, 12, 23.9].map(hours => `${hours} h ago`))
    const mean = `select avg(value) as mean from performance_metrics
      where metric_name = 'boarding_minutes' and timestamp > datetime('now', '-1 hour')`
    expect(await memory.query(mean)).toEqual([{ mean: 0.5 }])
  },
  async delete(memory) {
    await memory.store('draft', 1)
    await memory.delete('draft')
    expect(await memory.retrieve('draft')).toBeUndefined()
    expect(await memory.query('select key from memory_store')).toEqual([])
  },
  async cleanup(memory, clock) {
    await memory.store('gone', 1, { ttl: 1 })
    await memory.store('kept', 1)
    clock.advance(2_000)
    await memory.cleanup({ expiredBefore: new Date(clock.now()) })
    expect(await memory.query('select key from memory_store')).toEqual([{ key: 'kept' }])
  },
  async clearNamespace(memory) {
    await memory.store('a', 1, { namespace: 'scratch' })
    await memory.store('a', 1)
    await memory.clearNamespace('scratch')
    expect(await memory.query('select namespace from memory_store')).toEqual([{ namespace: 'default' }])
  },
  async createSession(memory) {
    const watch = { officer: 'Ines', ship: 'Alba', log: { fog: false } }
    const id = await memory.createSession(watch)
    expect(id).toEqual(expect.any(String))
    expect(await memory.resumeSession(id)).toEqual(watch)
  },
  async resumeSession(memory) {
    expect(await memory.resumeSession('never begun')).toBeUndefined()
    const id = await memory.createSession({ ship: 'Alba' })
    expect(await memory.resumeSession(id)).toEqual({ ship: 'Alba' })
  },
  async updateSession(memory) {
    const id = await memory.createSession({ ship: 'Alba', knots: 8 })
    await memory.updateSession(id, { seenAt: new Date('2026-05-01T06:00:00Z'), knots: 11 })
    expect(await memory.resumeSession(id)).toEqual({
      ship: 'Alba',
      knots: 11,
      seenAt: '2026-05-01T06:00:00.000Z',
    })
  },
  async saveWorkflowState(memory) {
    await memory.saveWorkflowState('crossing', { at: 'pier', done: ['load'], open: ['cast off', 'land'] })
    await memory.saveWorkflowState('crossing', { at: 'sea', done: ['load', 'cast off'], open: ['land'] })
    expect(await memory.query('select id, state from workflow_state')).toEqual([
      { id: 'crossing', state: '{"at":"sea","done":["load","cast off"],"open":["land"]}' },
    ])
  },
  async getWorkflowState(memory) {
    expect(await memory.getWorkflowState('crossing')).toBeUndefined()
    await memory.saveWorkflowState('crossing', { at: 'pier' })
    expect(await memory.getWorkflowState('crossing')).toEqual({ at: 'pier' })
  },
  async registerAgent(memory) {
    await memory.registerAgent({
      id: 'pilot-7',
      type: 'pilot',
      capabilities: ['radar', 'ropes'],
      swarmId: 'north',
    })
    expect(await memory.agents.get('pilot-7')).toMatchObject({
      type: 'pilot',
      capabilities: ['radar', 'ropes'],
      swarmId: 'north',
    })
  },
  async updateSharedState(memory) {
    const first = await memory.updateSharedState('berth', { ship: 'Alba', crew: ['pilot-7', 'cook'] })
    expect(first).toMatchObject({ key: 'berth', version: 1 })
    await memory.updateSharedState('berth', { ship: 'Boreas' })
    expect(await memory.shared.get('berth')).toMatchObject({ version: 2, value: { ship: 'Boreas' } })
  },
  async logEvent(memory) {
    await memory.logEvent({ type: 'ship_landed', source: 'pilot-7', data: { ship: 'Alba', minutes: 52 } })
    await memory.logEvent('fog', { metres: 40 })
    expect(await memory.query('select type, source, data from events order by id')).toEqual([
      { type: 'ship_landed', source: 'pilot-7', data: '{"ship":"Alba","minutes":52}' },
      { type: 'fog', source: 'system', data: '{"metres":40}' },
    ])
  },
  async proposeConsensus(memory) {
    await memory.proposeConsensus('sail_today', {
      value: true,
      proposer: 'captain',
      acceptors: ['pilot-7', 'cook', 'engineer'],
    })
    expect(await memory.query('select key, value, version, proposer from consensus_state')).toEqual([
      { key: 'sail_today', value: 'true', version: 1, proposer: 'captain' },
    ])
  },
  async getConsensusState(memory) {
    expect(await memory.getConsensusState('sail_today')).toBeUndefined()
    await memory.proposeConsensus('sail_today', { value: true, acceptors: ['pilot-7', 'cook'] })
    const state = await memory.getConsensusState('sail_today')
    expect(state).toMatchObject({ key: 'sail_today', value: true, version: 1 })
    expect(state?.acceptors).toHaveLength(2)
  },
  async storePattern(memory) {
    await memory.storePattern({
      id: 'slow-in-fog',
      type: 'seamanship',
      patternData: { on: 'fog', do: 'half speed', successRate: 0.8 },
    })
    expect(await memory.patterns.get('slow-in-fog')).toMatchObject({ type: 'seamanship', confidence: 0.8 })
  },
  async getPatterns(memory) {
    await memory.storePattern({ id: 'hunch', type: 'seamanship', patternData: { on: 'gulls' } })
    await memory.storePattern({ id: 'rule', type: 'seamanship', patternData: {}, confidence: 0.7 })
    await memory.storePattern({ id: 'recipe', type: 'galley', patternData: {}, confidence: 0.9 })
    const found = await memory.getPatterns('seamanship')
    const best = found.reduce((most, each) => (each.confidence > most.confidence ? each : most))
    expect(best).toMatchObject({ id: 'rule', confidence: 0.7 })
    expect(found.map(({ id }) => id)).toEqual(['rule', 'hunch'])
  },
  async transaction(memory) {
    await memory.transaction(async tx => {
      await tx.store('tickets', 41)
      await tx.updateAgentMemory('cook', 'meals', 12)
      await tx.logEvent('sold', { tickets: 41 })
    })
    const failed = memory.transaction(async tx => {
      await tx.store('tickets', 42)
      throw new Error('overboard')
    })
    await expect(failed).rejects.toThrow('overboard')
    expect(await memory.retrieve('tickets')).toBe(41)
    expect(await memory.agents.retrieveMemory('cook', 'meals')).toBe(12)
    expect(await memory.query('select type, source from events')).toEqual([
      { type: 'sold', source: 'system' },
    ])
  },
  async updateAgentMemory(memory) {
    await memory.updateAgentMemory('cook', 'meals', 12)
    await memory.updateAgentMemory('cook', 'meals', 13)
    expect(await memory.agents.retrieveMemory('cook', 'meals')).toBe(13)
  },
  async vacuum(memory) {
    await memory.store('k', 'x'.repeat(100_000))
    await memory.delete('k')
    expect(await memory.vacuum()).toEqual({ freedBytes: expect.any(Number) })
  },
  async analyzePerformance(memory) {
    expect(await memory.analyzePerformance()).toEqual(expect.any(Object))
  },
  async analyzeUsage(memory) {
    await memory.store('a', 1)
    await memory.store('b', 1, { namespace: 'harbour' })
    const usage = await memory.analyzeUsage({ timeframe: '7d', groupBy: 'namespace' })
    expect(usage.groups.map(({ group, records }) => [group, records]).sort()).toEqual([
      ['default', 1],
      ['harbour', 1],
    ])
  },
  async getHotKeys(memory) {
    await memory.store('often', 1)
    await memory.store('seldom', 1, { namespace: 'harbour' })
    for (let i = 0; i < 101; i++) await memory.retrieve('often')
    for (let i = 0; i < 100; i++) await memory.retrieve('seldom', { namespace: 'harbour' })
    expect(await memory.getHotKeys({ threshold: 100, timeframe: '1h' })).toMatchObject([
      { namespace: 'default', key: 'often', reads: 101 },
    ])
  },
  async backup(memory) {
    const file = path.join(scratchFolder(), 'copy.db')
    await memory.store('k', 'v')
    await memory.backup(file)
    expect(await (await openScratch({}, file)).retrieve('k')).toBe('v')
  },
  async restore(memory) {
    const file = path.join(scratchFolder(), 'copy.db')
    await memory.store('k', 'as it was')
    await memory.backup(file)
    await memory.store('k', 'as it became')
    await memory.restore(file)
    expect(await memory.retrieve('k')).toBe('as it was')
  },
  async exportNamespace(memory) {
    const file = path.join(scratchFolder(), 'harbour.json')
    await memory.store('depth', 12, { namespace: 'harbour' })
    await memory.store('depth', 900)
    await memory.exportNamespace('harbour', file)
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).records).toMatchObject([{ key: 'depth', value: 12 }])
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).records).toHaveLength(1)
  },
  async on(memory) {
    const heard: [query: string, durationMs: number][] = []
    memory.on('slow_query', (query, durationMs) => heard.push([query, durationMs]))
    const slow =
      'with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) select max(i) from n'
    await memory.query(slow)
    await vi.waitUntil(() => heard.some(([query]) => query === slow), { timeout: 30_000 })
    expect(heard).toContainEqual([slow, expect.any(Number)])
  },
  async getStats(memory) {
    const { size, tableCount } = await memory.getStats()
    expect(size).toBeGreaterThan(0)
    // In megabytes.
    expect(size).toBeLessThan(100)
    expect(tableCount).toBeGreaterThanOrEqual(12)
  },
  async execute(memory) {
    await memory.execute('PRAGMA journal_mode=WAL')
    expect(await memory.query('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
    await memory.execute("insert into tasks (id, description) values ('t', 'scrub the deck')")
    expect(await memory.tasks.get('t')).toMatchObject({ status: 'pending', priority: 'medium' })
  },
  async optimize(memory) {
    await memory.store('k', 'v')
    await memory.optimize()
    expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(await memory.retrieve('k')).toBe('v')
  },
  async reindex(memory) {
    await memory.store('k', 'v')
    await memory.reindex()
    expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(await memory.retrieve('k')).toBe('v')
  },
  async findOrphanedRecords(memory) {
    expect(await memory.findOrphanedRecords()).toEqual([])
    await forsake(memory)
    expect(await memory.findOrphanedRecords()).toMatchObject([{ table: 'agent_memory' }])
  },
  async cleanupOrphans(memory) {
    await forsake(memory)
    await memory.cleanupOrphans()
    expect(await memory.findOrphanedRecords()).toEqual([])
    expect(await memory.query('select * from agent_memory')).toEqual([])
  },
}

/** Leaves the memory of an agent behind that is gone, as SQL of others may. */
async function forsake(memory: Memory): Promise<void> {
  await memory.storeAgentMemory('cook', 'meals', 1)
  await memory.execute('pragma foreign_keys = off')
  await memory.execute("delete from agents where id = 'cook'")
  await memory.execute('pragma foreign_keys = on')
}

describe('the methods of the contract', () => {
  it('are 36, all on the handle itself', () => {
    expect(methods).toHaveLength(36)
    expect(methods.filter(name => !(name in Memory.prototype))).toEqual([])
  })

  it.each(methods)('%s does what it says', async name => {
    const clock = new TestClock()
    await uses[name](await openScratch({ clock, slowQueryMs: 1 }), clock)
  })

  it('keep a store in shape when they are called again and again, beside writes', async () => {
    const memory = await openScratch()
    const rounds = [1, 2, 3].map(async round => {
      await memory.store(`short ${round}`, round, { expiresAt: new Date(Date.now() - 1) })
      await memory.cleanup({ expiredBefore: new Date() })
      await memory.vacuum()
      await memory.analyzePerformance()
    })
    await Promise.all(rounds)
    await memory.cleanup()
    expect(await memory.query('select * from memory_store')).toEqual([])
  })

  it('keep namespaces apart by any name', async () => {
    const memory = await openScratch()
    const namespaces = ['crew', 'cargo', 'weather', 'tasks', 'events']
    for (const namespace of namespaces) await memory.store('k', namespace, { namespace })
    for (const namespace of namespaces) expect(await memory.retrieve('k', { namespace })).toBe(namespace)
  })

  it('carry a crew through a crossing: registered, told, agreed, and gone on with after a crash', async () => {
    const file = path.join(scratchFolder(), 'memory.db')
    const before = await openScratch({}, file)
    await before.registerAgent({ id: 'pilot-7', type: 'pilot', swarmId: 'north' })
    await before.updateSharedState('berth', { ship: 'Alba' }, { updatedBy: 'pilot-7' })
    await before.proposeConsensus('sail_today', { value: true, acceptors: ['pilot-7', 'cook'] })
    const { acceptors = [] } = (await before.getConsensusState('sail_today')) ?? {}
    if (acceptors.length >= 2) await before.saveWorkflowState('crossing', { open: ['land'] })
    await before.close()
    const after = await openScratch({}, file)
    expect(await after.getWorkflowState('crossing')).toEqual({ open: ['land'] })
    expect(await after.shared.get('berth')).toMatchObject({ updatedBy: 'pilot-7' })
  })
})
