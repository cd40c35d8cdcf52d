import fs from 'node:fs'
import { expect, it } from 'vitest'
import type { Progress } from '../../src/db/engine.ts'
import { TestClock } from '../support/clock.ts'
import { scratchFile } from '../support/memory.ts'
import { conform } from './conform.ts'

conform('maintenance', open => {
  it('frees what has expired, and says how much of it there was', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const records = Array.from({ length: 1234 }, (_, i) => ({ key: `k${i}`, value: i, ttl: 1 + (i % 2) }))
    await memory.kv.storeMany(records)
    await memory.store('kept', 1)
    await memory.createSession({}, { ttl: 1 })
    expect(await memory.cleanup()).toMatchObject({ memory_store: 0, sessions: 0 })
    clock.advance(1000)
    expect(await memory.cleanup()).toMatchObject({ memory_store: 617, sessions: 1 })
    clock.advance(1000)
    expect(await memory.cleanup()).toMatchObject({ memory_store: 617, sessions: 0 })
    expect(await memory.query('select key from memory_store')).toEqual([{ key: 'kept' }])
  })

  it('frees what had expired by a given time, but never what is alive', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('early', 1, { ttl: 1 })
    await memory.store('late', 1, { ttl: 60 })
    clock.advance(10_000)
    await memory.store('alive', 1, { ttl: 60 })
    clock.advance(55_000)
    const before = (ms: number) => ({ expiredBefore: new Date(clock.now() + ms) })
    expect(await memory.cleanup(before(-60_000))).toMatchObject({ memory_store: 1 })
    expect(await memory.cleanup(before(60_000))).toMatchObject({ memory_store: 1 })
    expect(await memory.retrieve('alive')).toBe(1)
    const wrong = memory.cleanup({ expiredBefore: new Date(Number.NaN) })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('keeps reads per minute for 30 days', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.retrieve('k')
    expect(await memory.getHotKeys()).toHaveLength(1)
    clock.advance(30 * 86_400_000)
    expect(await memory.cleanup()).toMatchObject({ hivewax_access: 0 })
    clock.advance(60_000)
    expect(await memory.cleanup()).toMatchObject({ hivewax_access: 1 })
  })

  it('tells the size of the store and the rows of the twelve tables', async () => {
    const memory = await open()
    await memory.store('a', 'x'.repeat(100_000))
    await memory.store('b', 1)
    await memory.logEvent('happened')
    const stats = await memory.getStats()
    expect(stats.tableCount).toBe(12)
    const rows = Object.fromEntries(stats.tables.map(({ name, rows }) => [name, rows]))
    expect(rows).toMatchObject({ memory_store: 2, events: 1, sessions: 0, consensus_state: 0 })
    expect(stats.sizeBytes).toBeGreaterThan(100_000)
    expect(stats.size).toBeCloseTo(stats.sizeBytes / 1024 / 1024, 2)
  })

  it('analyses usage by namespace, with sizes, writes and reads', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const start = new Date(clock.now())
    await memory.store('k', 'é', { namespace: 'old', metadata: 1 })
    await memory.store('gone', 1, { namespace: 'old', ttl: 1 })
    clock.advance(8 * 86_400_000)
    await memory.store('a', 'x'.repeat(100), { namespace: 'new' })
    await memory.store('b', 1, { namespace: 'new' })
    await memory.retrieve('a', { namespace: 'new' })
    await memory.retrieve('missing', { namespace: 'empty' })
    const usage = await memory.analyzeUsage({ timeframe: '7d', groupBy: 'namespace' })
    const now = new Date(clock.now())
    const none = { oldest: undefined, newest: undefined }
    expect(usage.groups).toEqual([
      { group: 'new', records: 2, bytes: 1 + 102 + 1 + 1, writes: 2, reads: 1, oldest: now, newest: now },
      { group: 'old', records: 1, bytes: 1 + 4 + 1, writes: 0, reads: 0, oldest: start, newest: start },
      { group: 'empty', records: 0, bytes: 0, writes: 0, reads: 1, ...none },
    ])
    expect(usage.total).toEqual({ records: 3, bytes: 111, writes: 2, reads: 2 })
  })

  it('analyses usage by day and by agent', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('a', 1)
    clock.advance(86_400_000)
    await memory.store('b', 1)
    await memory.storeAgentMemory('coder', 'note', 'x')
    const days = await memory.analyzeUsage({ groupBy: 'day' })
    expect(days.groups.map(({ group, records }) => [group, records])).toEqual([
      ['2026-01-02', 1],
      ['2026-01-03', 1],
    ])
    const agents = await memory.analyzeUsage({ groupBy: 'agent' })
    expect(agents.groups).toMatchObject([
      { group: 'coder', records: 1, bytes: 4 + 3, writes: 1, reads: undefined },
    ])
    await expect(memory.analyzeUsage({ groupBy: 'colour' as 'day' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(memory.analyzeUsage({ timeframe: 'soon' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('lists the keys read more often than a threshold, most read first', async () => {
    const memory = await open()
    for (let i = 0; i < 3; i++) await memory.retrieve('hot')
    await memory.retrieve('cold')
    expect(await memory.getHotKeys({ threshold: 0, timeframe: '1h' })).toEqual([
      { namespace: 'default', key: 'hot', reads: 3 },
      { namespace: 'default', key: 'cold', reads: 1 },
    ])
    expect(await memory.getHotKeys({ threshold: 1 })).toEqual([
      { namespace: 'default', key: 'hot', reads: 3 },
    ])
    await expect(memory.getHotKeys({ threshold: -1 })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('exports and imports a namespace', async () => {
    const memory = await open()
    await memory.store('a', { x: 1 }, { namespace: 'config', metadata: 'm', ttl: 60 })
    const file = scratchFile('config.json')
    expect(await memory.exportNamespace('config', file)).toMatchObject({ records: 1 })
    const before = await memory.kv.get('a', { namespace: 'config' })
    await memory.clearNamespace('config')
    expect(await memory.maintenance.importNamespace(file)).toMatchObject({ imported: 1 })
    const after = await memory.kv.get('a', { namespace: 'config' })
    const importedBy = { agent: before?.author?.agent, via: 'import' }
    const author = { ...before?.author, importedBy }
    expect({ ...after, revision: 0 }).toEqual({ ...before, revision: 0, author })
    expect(after?.revision).toBeGreaterThan(before?.revision ?? 0)
  })

  it('backs up and restores', async () => {
    const memory = await open()
    await memory.store('k', 'before')
    const file = scratchFile('backup.db')
    expect(await memory.backup(file)).toMatchObject({ path: file, bytes: fs.statSync(file).size })
    await memory.store('k', 'after')
    await memory.restore(file)
    expect(await memory.retrieve('k')).toBe('before')
  })

  it('gives space back, and tidies up, while others write; each shows its progress', async () => {
    const memory = await open({ busyTimeoutMs: 60_000 })
    await memory.kv.storeMany(
      Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) })),
    )
    await memory.clearNamespace('default')
    // What was cleared can be had back, and takes its space, for as long as its history is kept.
    await memory.execute('delete from hivewax_memory_history')
    let stored = 0
    let done = false
    const writer = (async () => {
      while (!done) await memory.store('steady', stored++)
    })()
    const jobs = [
      (onProgress: (progress: Progress) => void) => memory.vacuum({ onProgress }),
      (onProgress: (progress: Progress) => void) => memory.optimize({ onProgress }),
      (onProgress: (progress: Progress) => void) => memory.reindex({ onProgress }),
      (onProgress: (progress: Progress) => void) => memory.vacuum({ full: true, onProgress }),
    ]
    const results: unknown[] = []
    for (const job of jobs) {
      const fractions: number[] = []
      results.push(await job(({ fraction }) => fractions.push(fraction)))
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
      expect(fractions.at(-1)).toBe(1)
    }
    done = true
    await writer
    // What a vacuum beside writers cannot give back, the full one can; a server's once the transactions of others, as
    // of another test, have ended that began before.
    const [first, , , full] = results as { freedBytes: number }[]
    let freed = (first?.freedBytes ?? 0) + (full?.freedBytes ?? 0)
    const again = async () => {
      if (freed <= 1_000_000) freed += (await memory.vacuum({ full: true })).freedBytes
      return freed
    }
    await expect.poll(again).toBeGreaterThan(1_000_000)
    expect(await memory.retrieve('steady')).toBe(stored - 1)
  })

  it('reports where space and time go', async () => {
    const memory = await open()
    await memory.kv.storeMany(
      Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) })),
    )
    await memory.retrieve('k1')
    await memory.retrieve('k1')
    await memory.execute('create table own (x integer)')
    await memory.query('select x from own')
    await memory.execute('drop table own')
    const report = await memory.analyzePerformance()
    const [largest] = report.tables
    expect(largest).toMatchObject({ name: 'memory_store' })
    expect(largest?.bytes).toBeGreaterThan(2_000_000)
    expect(largest?.indexes.some(({ used }) => used)).toBe(true)
    expect(report.statements.count).toBeGreaterThanOrEqual(2000)
    expect(report.statements.p99Ms).toBeGreaterThanOrEqual(report.statements.p50Ms)
    expect(report.statements.slowest.length).toBeGreaterThan(0)
    // Where the engine cannot tell cheaply that nothing has changed, nothing is kept in memory.
    expect([
      { hits: 1, misses: 1 },
      { hits: 0, misses: 0 },
    ]).toContainEqual(report.cache)
    expect(report.fragmentation).toBeLessThan(1)
  })

  it('finds no orphans where there are none', async () => {
    const memory = await open()
    await memory.storeAgentMemory('unregistered', 'k', 1)
    expect(await memory.findOrphanedRecords()).toEqual([])
    const removed = Object.values(await memory.cleanupOrphans())
    expect(removed.every(count => count === 0)).toBe(true)
  })

  it('finds nothing wrong with a new store', async () => {
    const memory = await open()
    const { ok, checks } = await memory.maintenance.doctor()
    const wrong = checks.filter(check => !check.ok)
    // But that the tests' server does not wait for the disk.
    expect(wrong.filter(({ name }) => name !== 'durability')).toEqual([])
    expect(ok).toBe(wrong.length === 0)
    expect(checks.find(({ name }) => name === 'location')?.message).toContain(memory.url)
  })
})
