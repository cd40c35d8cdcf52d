import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { damage } from '../support/damage.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

const records = 3000

test('what can be read of a damaged file is recovered, and the rest is counted', async () => {
  const file = await filled()
  const lost = damage(file, 'memory_store', 3, seeded())
  const before = fs.readFileSync(file)
  const memory = await openScratch()
  const to = path.join(scratchFolder(), 'new', 'recovered.db')
  const result = await memory.maintenance.recover(to, { from: file })
  expect(result).toMatchObject({
    path: to,
    lost,
    tables: { memory_store: { recovered: records - lost, lost } },
  })
  expect(lost).toBeLessThan(records * 0.02)
  expect(fs.readFileSync(file).equals(before)).toBe(true)
  expect(fs.readdirSync(path.dirname(to))).toEqual(['recovered.db'])
  const recovered = await openScratch({}, to)
  const { items } = await recovered.kv.search('*', { limit: 10_000 })
  expect(items).toHaveLength(records - lost)
  for (const { key, value } of items) expect(value).toBe(`${key} ${'x'.repeat(200)}`)
  expect(await recovered.query('select agent_id, key from agent_memory')).toEqual([
    { agent_id: 'agent', key: 'note' },
  ])
  expect(await recovered.query('select note from own')).toEqual([{ note: 'mine' }])
  expect(await recovered.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('the first and the last page of a table, and tables without row ids, lose only what lay on the damaged page', async () => {
  const file = await filled()
  for (const which of [0, 0.999_999]) damage(file, 'memory_store', 1, first(which))
  const lost = damage(file, 'hivewax_locks', 1, first(0.5))
  const memory = await openScratch()
  const to = scratchFile('recovered.db')
  const { tables } = await memory.maintenance.recover(to, { from: file })
  expect(tables.memory_store!.recovered).toBeGreaterThan(records * 0.98)
  expect(tables.hivewax_locks!.recovered).toBe(400 - lost)
  expect(tables.hivewax_locks!.lost).toBeGreaterThan(0)
})

test('events are found in what was recovered, and a seal holds', async () => {
  const file = scratchFile()
  const source = await openMemory(file, { background: false })
  await source.events.seal()
  await source.logEvent('t', 'mulberry')
  expect(await source.find('mulberry')).toHaveLength(1)
  await source.close()
  const memory = await openScratch()
  const to = scratchFile('recovered.db')
  await memory.maintenance.recover(to, { from: file })
  const recovered = await openScratch({}, to)
  expect(await recovered.find('mulberry')).toHaveLength(1)
  await recovered.logEvent('after')
  expect(await recovered.events.verify()).toMatchObject({ ok: true, checked: 2 })
})

test('numbers go on far above those that were recovered', async () => {
  const file = await filled()
  const memory = await openScratch()
  const to = scratchFile('recovered.db')
  await memory.maintenance.recover(to, { from: file })
  const recovered = await openScratch({}, to)
  expect((await recovered.logEvent('after')).id).toBeGreaterThan(1_000_000)
  expect((await recovered.store('new', 1)).revision).toBeGreaterThan(1_000_000)
  expect((await recovered.updateSharedState('new', 1)).version).toBeGreaterThan(1_000_000)
})

test('a sound store is recovered whole, while it is open', async () => {
  const memory = await openScratch()
  await memory.store('k', { a: [1] }, { metadata: 'm', ttl: 60 })
  await memory.logEvent('happened', { x: 1 })
  const to = scratchFile('recovered.db')
  expect(await memory.maintenance.recover(to)).toMatchObject({ lost: 0 })
  const recovered = await openScratch({}, to)
  expect(await recovered.kv.get('k')).toEqual(await memory.kv.get('k'))
  expect(await recovered.query('select * from events')).toEqual(await memory.query('select * from events'))
})

test('what is no store is not recovered, and a file that is in the way stays', async () => {
  const memory = await openScratch()
  const folder = scratchFolder()
  const rubbish = path.join(folder, 'rubbish.db')
  fs.writeFileSync(rubbish, Buffer.alloc(50_000, 'rubbish'))
  const foreign = path.join(folder, 'foreign.db')
  const db = new DatabaseSync(foreign)
  db.exec('create table t (x)')
  db.close()
  const to = path.join(folder, 'to.db')
  await expect(memory.maintenance.recover(to, { from: rubbish })).rejects.toMatchObject({ code: 'corrupt' })
  await expect(memory.maintenance.recover(to, { from: foreign })).rejects.toMatchObject({
    code: 'foreign_store',
  })
  const missing = path.join(folder, 'missing.db')
  await expect(memory.maintenance.recover(to, { from: missing })).rejects.toMatchObject({ code: 'not_found' })
  await expect(memory.maintenance.recover(foreign)).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(memory.maintenance.recover(memory.url)).rejects.toMatchObject({ code: 'invalid_input' })
  expect(fs.readdirSync(folder).sort()).toEqual(['foreign.db', 'rubbish.db'])
})

/** A closed store with enough in it to damage. */
async function filled(): Promise<string> {
  const file = scratchFile()
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  const rows = Array.from({ length: records }, (_, i) => ({
    key: `k${i}`,
    value: `k${i} ${'x'.repeat(200)}`,
  }))
  await memory.kv.storeMany(rows)
  await memory.storeAgentMemory('agent', 'note', 1)
  await memory.logEvent('happened')
  await memory.transaction(async tx => {
    for (let i = 0; i < 400; i++)
      await tx.locks.acquire(`lock ${String(i).padStart(4, '0')}`, { owner: 'me' })
  })
  await memory.execute('create table own (id integer primary key, note text)')
  await memory.execute("insert into own (note) values ('mine')")
  await memory.close()
  return file
}

/** Chooses the page at this share of the table; what is written there is noise all the same. */
function first(share: number): () => number {
  const random = seeded(7)
  let asked = false
  return () => {
    if (asked) return random()
    asked = true
    return share
  }
}
