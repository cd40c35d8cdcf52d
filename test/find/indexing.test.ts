import { describe, expect, it, onTestFinished } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import { indexAll, indexPending } from '../../src/find/indexing.ts'
import { PreparedEntries } from '../../src/find/prepared-entries.ts'
import { entryOf, readRows, sources } from '../../src/find/sources.ts'
import type { Memory } from '../../src/memory.ts'
import { systemClock } from '../../src/util/clock.ts'
import { openScratch } from '../support/memory.ts'

/** The store of a memory as the indexer gets it. */
async function dbOf(memory: Memory): Promise<Db> {
  const { store, release } = await openSqlite(memory.url, {})
  onTestFinished(release)
  return store.db(systemClock)
}

/** Has the index take in all that waits. */
const index = async (memory: Memory) => indexAll(await dbOf(memory), {})

async function count(memory: Memory, table: string): Promise<number> {
  const [row] = await memory.query(`select count(*) as count from ${table}`)
  return Number(row?.count)
}

const pending = (memory: Memory) => count(memory, 'hivewax_find_changes')

async function keys(memory: Memory, text: string): Promise<string[]> {
  return (await memory.find(text)).map(found => ('key' in found ? found.key : found.in))
}

describe('the log of changes', () => {
  it('notes what changed, and nothing when nothing that is indexed did', async () => {
    const memory = await openScratch()
    await memory.store('k', 'a')
    expect(await pending(memory)).toBe(1)
    await memory.store('k', 'a')
    expect(await pending(memory)).toBe(1)
    await memory.store('k', 'b')
    await memory.delete('k')
    expect(await pending(memory)).toBe(3)
    await index(memory)
    expect(await pending(memory)).toBe(0)
  })

  it('notes nothing of the claims and heartbeats of a task', async () => {
    const memory = await openScratch()
    await memory.registerAgent({ id: 'a', type: 'worker' })
    await memory.tasks.create({ description: 'x' })
    const [task] = await memory.tasks.claim({ agentId: 'a' })
    await index(memory)
    await memory.tasks.heartbeat({ id: task!.id, token: task!.token, progress: { step: 1 } })
    expect(await memory.query("select * from hivewax_find_changes where source = 'tasks'")).toEqual([])
    await memory.tasks.complete({ id: task!.id, token: task!.token, result: 'done' })
    expect(await pending(memory)).toBeGreaterThan(0)
    expect(await memory.find('done', { in: 'tasks' })).toMatchObject([{ status: 'completed' }])
  })

  it('takes the SQL of others as it is, an id that is null included', async () => {
    const memory = await openScratch()
    await memory.execute("insert into memory_store (key, value) values ('plain', 'no JSON: [fig')")
    await memory.execute("insert into tasks (description) values ('fig')")
    await memory.execute("insert into events (type, source, data, timestamp) values ('t', 's', 'fig', null)")
    await memory.execute("insert or replace into memory_store (key, value) values ('plain', 'fig')")
    const found = await memory.find('figs')
    expect(found.map(each => each.in).sort()).toEqual(['events', 'memory'])
    expect(found.find(each => each.in === 'events')).toMatchObject({ updatedAt: undefined, value: 'fig' })
    await index(memory)
    expect(await memory.find('figs')).toEqual(found)
    await memory.execute('delete from events')
    expect(await keys(memory, 'fig')).toEqual(['plain'])
  })
})

describe('events', () => {
  it('are indexed up to a place in the log, and marked one by one only when written behind it', async () => {
    const memory = await openScratch()
    for (const n of [1, 2, 3]) await memory.logEvent('t', `mulberry ${n}`)
    expect(await pending(memory)).toBe(0)
    expect(await memory.find('mulberry')).toHaveLength(3)
    await index(memory)
    await memory.execute('delete from events where id = 2')
    expect(await memory.find('mulberry')).toHaveLength(2)
    await memory.execute("insert into events (id, type, source, data) values (2, 't', 's', 'mulberry pie')")
    expect(await pending(memory)).toBe(2)
    expect(await memory.find('mulberry pie')).toMatchObject([{ id: 2 }, {}, {}])
  })

  it('vanish from what is found when they are pruned, indexed or not', async () => {
    const memory = await openScratch()
    const log = (count: number) =>
      memory.events.logMany(Array.from({ length: count }, (_, n) => ({ type: 't', data: `mulberry ${n}` })))
    await log(20)
    expect(await memory.find('mulberry', { limit: 100 })).toHaveLength(20)
    await index(memory)
    await log(20)
    await memory.events.prune({ keep: 5 })
    const found = await memory.find('mulberry', { limit: 100 })
    expect(found.map(each => 'id' in each && Number(each.id)).sort()).toEqual([36, 37, 38, 39, 40])
    await memory.events.prune({ keep: 0 })
    expect(await memory.find('mulberry')).toEqual([])
    await index(memory)
    expect(await count(memory, 'hivewax_find_records')).toBe(0)
  })
})

describe('indexing', () => {
  it('stops where it is told to, and goes on from there', async () => {
    const memory = await openScratch()
    const db = await dbOf(memory)
    await memory.kv.storeMany(Array.from({ length: 600 }, (_, i) => ({ key: `k${i}`, value: i })))
    expect(await indexPending(db, { maxRows: 20 })).toEqual({ count: 20, isDone: false })
    expect(await pending(memory)).toBe(580)
    expect(await indexPending(db, { maxMs: 0 })).toEqual({ count: 0, isDone: false })
    expect(await indexPending(db)).toEqual({ count: 580, isDone: true })
    expect(await indexPending(db)).toEqual({ count: 0, isDone: true })
    expect(await count(memory, 'hivewax_find_records')).toBe(600)
  })

  it('keeps one entry per record, whatever happens to it, and none of what is gone', async () => {
    const memory = await openScratch()
    for (let round = 0; round < 5; round++) {
      for (const key of ['a', 'b']) await memory.store(key, `round ${round}`)
      await memory.store('gone', round)
      await memory.delete('gone')
      expect(await keys(memory, 'round')).toHaveLength(2)
      await index(memory)
      expect(await keys(memory, 'round')).toHaveLength(2)
      expect(await count(memory, 'hivewax_find_records')).toBe(2)
      expect(await count(memory, 'hivewax_find')).toBe(2)
    }
    expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  it('makes anew what has changed since it was prepared, whatever changed', async () => {
    const memory = await openScratch()
    const db = await dbOf(memory)
    for (const key of ['same', 'value', 'expiry', 'metadata']) await memory.store(key, 'before')
    const prepared = new PreparedEntries()
    expect(await prepared.prepare(db, 10)).toBe(4)
    await memory.store('value', 'after')
    await memory.store('expiry', 'before', { ttl: 60 })
    await memory.store('metadata', 'before', { metadata: 'after' })
    const [source] = sources
    const rows = [...(await readRows(db, source!, [1, 2, 3, 4])).values()]
    expect(rows.map(row => prepared.of(source!, row))).toEqual(rows.map(row => entryOf(source!, row)))
    expect(rows.filter(row => row.expires_at !== null)).toHaveLength(1)
  })

  it('never loses a record to others that index at the same time', async () => {
    const memory = await openScratch()
    const db = await dbOf(memory)
    await memory.kv.storeMany(Array.from({ length: 1000 }, (_, i) => ({ key: `k${i}`, value: `word${i}` })))
    const results = await Promise.all(Array.from({ length: 8 }, () => indexPending(db)))
    expect(results.every(({ isDone }) => isDone)).toBe(true)
    expect(results.reduce((sum, result) => sum + result.count, 0)).toBe(1000)
    expect(await pending(memory)).toBe(0)
    expect(await keys(memory, 'word7 word997')).toHaveLength(2)
  })

  it('indexes the first 65,536 characters of a value, and holds no batch for long', async () => {
    const memory = await openScratch()
    const filler = 'x '.repeat(32_768)
    for (let i = 0; i < 8; i++) await memory.store(`k${i}`, `begin${i} ${filler} beyond`)
    await memory.store('huge', { list: Array.from({ length: 100_000 }, (_, i) => i), last: 'beyond' })
    const turns: number[] = []
    const timer = setInterval(() => turns.push(performance.now()), 1)
    await index(memory)
    clearInterval(timer)
    // Nine values of 64 KiB in one transaction would leave no turn in between.
    expect(turns.length).toBeGreaterThan(3)
    expect(await keys(memory, 'begin7')).toEqual(['k7'])
    expect(await keys(memory, 'beyond')).toEqual([])
    expect(await keys(memory, 'list 4242')).toContain('huge')
  })
})
