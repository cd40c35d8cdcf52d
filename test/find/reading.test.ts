import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

/** More changes than a search reads. */
const tooMany = 2_500

async function storeMany(memory: Memory, count: number, value: string): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({ key: `${value}-${count}-${i}`, value }))
  for (let from = 0; from < count; from += 500) await memory.kv.storeMany(records.slice(from, from + 500))
}

async function keys(memory: Memory, text: string): Promise<string[]> {
  return (await memory.find(text)).map(found => ('key' in found ? found.key : found.in))
}

it('finds the newest record while another process holds a transaction that writes', async () => {
  const file = scratchFile()
  const memory = await openScratch({ busyTimeoutMs: 600_000 }, file)
  await memory.store('new', 'medlar')
  const holder = startChild('hold-transaction', file)
  await holder.until(line => line === 'holding')
  expect(await memory.findings('medlar')).toMatchObject({ items: [{ key: 'new' }], isComplete: true })
  holder.process.stdin?.end()
  expect(await holder.exited).toBe(0)
})

it('searches the newest of too many changes while another process writes, and says how many are missing', async () => {
  const file = scratchFile()
  const memory = await openScratch({ busyTimeoutMs: 600_000 }, file)
  await memory.store('old', 'medlar')
  await storeMany(memory, tooMany, 'quince')
  await memory.store('new', 'medlar')
  const holder = startChild('hold-transaction', file)
  await holder.until(line => line === 'holding')
  expect(await memory.findings('medlar')).toMatchObject({
    items: [{ key: 'new' }],
    isComplete: false,
    missing: tooMany + 2 - 2_000,
  })
  holder.process.stdin?.end()
  expect(await holder.exited).toBe(0)
})

it('needs no room on a full disk', async () => {
  const memory = await openScratch()
  await memory.store('old', 'medlar')
  await storeMany(memory, tooMany, 'quince')
  await memory.store('new', 'medlar')
  const [row] = await memory.query('pragma page_count')
  await memory.execute(`pragma max_page_count = ${Number(row?.page_count)}`)
  await expect(memory.optimize()).rejects.toMatchObject({ code: 'disk_full' })
  expect(await memory.findings('medlar')).toMatchObject({ isComplete: false })
  expect(await keys(memory, 'medlar')).toContain('new')
})

it('finds the newest record while another one indexes on PostgreSQL', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ busyTimeoutMs: 600_000 }, url)
  await memory.store('new', 'medlar')
  await withClient(async client => {
    await client.query('begin')
    await client.query("select 1 from hivewax_counters where name = 'find_events' for update")
    expect(await memory.findings('medlar')).toMatchObject({ items: [{ key: 'new' }], isComplete: true })
    await storeMany(memory, tooMany, 'quince')
    await memory.store('newer', 'medlar')
    expect(await memory.findings('medlar')).toMatchObject({ items: [{ key: 'newer' }], isComplete: false })
    await client.query('rollback')
  }, url)
  await memory.optimize()
  expect((await keys(memory, 'medlar')).sort()).toEqual(['new', 'newer'])
})

describe.each(engines)('$name', ({ open }) => {
  it('indexes what is too much to read, and so finds all of it in the end', async () => {
    const memory = await open()
    await storeMany(memory, 1_000, 'quince')
    await memory.store('old', 'medlar')
    await storeMany(memory, tooMany, 'quince')
    const isComplete = async () => (await memory.findings('medlar')).isComplete
    await expect.poll(isComplete, { timeout: 120_000 }).toBe(true)
    expect(await keys(memory, 'medlar')).toEqual(['old'])
  })

  it('has the index take in what is much to read, after it was read', async () => {
    const memory = await open()
    await storeMany(memory, 600, 'quince')
    expect((await memory.findings('quince')).isComplete).toBe(true)
    const indexed = () => memory.query('select ref from hivewax_find_records limit 1')
    await expect.poll(indexed, { timeout: 60_000 }).toHaveLength(1)
  })

  it('indexes nothing within a transaction of the caller', async () => {
    const memory = await open()
    await storeMany(memory, tooMany, 'quince')
    const count = 'select count(*) as count from hivewax_find_records'
    await memory.transaction(async tx => {
      await tx.store('new', 'medlar')
      expect(await tx.findings('medlar')).toMatchObject({ items: [{ key: 'new' }], isComplete: false })
      expect(await tx.query(count)).toEqual([{ count: 0 }])
    })
  })

  it('reads changes of records and events by turns, so that neither keeps the other out', async () => {
    const memory = await open()
    await memory.logEvent('t', 'medlar')
    await storeMany(memory, 50, 'medlar')
    const events = Array.from({ length: tooMany }, () => ({ type: 't', data: 'quince' }))
    await memory.events.logMany(events)
    await memory.transaction(async tx => {
      const { items, missing } = await tx.findings('medlar', { limit: 100 })
      expect(items.map(found => found.in)).toEqual(Array.from({ length: 50 }, () => 'memory'))
      expect(missing).toBe(tooMany + 51 - 2_000)
    })
  })

  it('reads some of each long text only, and no more of them than is felt', async () => {
    const memory = await open()
    const filler = 'x '.repeat(40_000)
    for (let i = 0; i < 120; i++) await memory.store(`k${i}`, `medlar ${filler}`)
    await memory.storeAgentMemory('a', 'k', 'medlar')
    await memory.transaction(async tx => {
      const { items, isComplete } = await tx.findings('medlar', { limit: 100 })
      expect(isComplete).toBe(false)
      expect(items.map(found => found.in)).toContain('agent_memory')
    })
  })
})
