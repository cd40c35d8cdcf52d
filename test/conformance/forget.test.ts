import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { everyRow } from '../support/every-row.ts'
import { conform } from './conform.ts'

const quick = { vacuum: false }

const valuesOf = async (memory: Memory) =>
  Object.fromEntries((await memory.kv.search('*')).items.map(({ key, value }) => [key, value]))

/** One change of the random test; without a value it deletes. */
const change = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  by: fc.constantFrom('good', 'bad', 'other'),
  value: fc.option(fc.integer({ min: 100, max: 999 }), { nil: undefined, freq: 3 }),
})

conform('forget', (open, times) => {
  it('leaves nothing of what a poisoned writer has stored, in any kind of memory', async () => {
    const memory = await open()
    const [good, bad] = [memory.as('good'), memory.as('bad')]
    await good.store('decision', 'SQLite')
    await bad.store('decision', 'poison one')
    await bad.store('decision', 'poison two')
    await bad.store('own', 'poison three', { metadata: 'poison four' })
    await good.store('later', 'first')
    await bad.store('later', 'poison five')
    await good.store('later', 'mended')
    await bad.storeAgentMemory('bad', 'note', 'poison six')
    await bad.patterns.store({ id: 'p', type: 'poison seven', patternData: 'poison eight' })
    const plan = await memory.as('lead').history.forget('bad', { ...quick, dryRun: true })
    expect(await everyRow(memory)).toContain('poison')
    const done = await memory.as('lead').history.forget('bad', { ...quick, reason: 'was told to' })
    expect(done).toEqual({ ...plan, dryRun: false })
    expect(done).toMatchObject({ restored: 1, deleted: 3, kept: 1 })
    expect(done.records).toMatchObject([
      { record: { key: 'decision' }, outcome: 'restored', revisions: [3, 2] },
      { record: { key: 'own' }, outcome: 'deleted', revisions: [1] },
      { record: { key: 'later' }, outcome: 'kept', revisions: [2] },
      { record: { in: 'agent_memory', agentId: 'bad', key: 'note' }, outcome: 'deleted' },
      { record: { in: 'patterns', id: 'p' }, outcome: 'deleted' },
    ])
    expect(await everyRow(memory)).not.toContain('poison')
    expect(await valuesOf(memory)).toEqual({ decision: 'SQLite', later: 'mended' })
    expect(await memory.find('poison')).toEqual([])
    expect((await memory.kv.history('decision')).items).toMatchObject([
      { value: 'SQLite', author: { agent: 'lead' } },
      { value: undefined, author: { agent: 'bad' }, redacted: { by: { agent: 'lead' } } },
      { value: undefined, author: { agent: 'bad' } },
      { value: 'SQLite', author: { agent: 'good' } },
    ])
    const { items } = await memory.events.list({ types: ['memory.redacted'] })
    expect(items).toHaveLength(5)
    expect(items[0]).toMatchObject({ source: 'lead', data: { reason: 'was told to' } })
    expect(await memory.history.forget('bad', quick)).toMatchObject({ restored: 0, deleted: 0, kept: 0 })
  })

  it('leaves what the same writer has stored at another time, or elsewhere', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const bad = memory.as('bad')
    await bad.store('key', 'before')
    clock.advance(1_000)
    const since = new Date(clock.now())
    await bad.store('key', 'poison')
    await bad.store('other', 'poison', { namespace: 'team' })
    expect(await memory.history.forget('bad', { ...quick, since, namespace: 'default' })).toMatchObject({
      restored: 1,
    })
    expect(await memory.retrieve('key')).toBe('before')
    expect(await memory.retrieve('other', { namespace: 'team' })).toBe('poison')
  })

  it('deletes what nobody knows any more what it was before', async () => {
    const memory = await open()
    await memory.as('good').store('key', 'first')
    for (let i = 0; i < 40; i++) await memory.as('bad').store('key', `poison ${i}`)
    expect(await memory.history.forget('bad', quick)).toMatchObject({ deleted: 1 })
    expect(await everyRow(memory)).not.toContain('poison')
  })

  it('touches nothing of others, whoever has changed what in which order', async () => {
    const memory = await open()
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 15 }), async changes => {
        await memory.execute('delete from memory_store')
        await memory.execute('delete from hivewax_memory_history')
        for (const { key, by, value } of changes) {
          if (value === undefined) await memory.as(by).delete(key)
          else await memory.as(by).store(key, `${value} by ${by}`)
        }
        const of = async (agent: string) => {
          const keys = ['a', 'b', 'c'].map(async key => (await memory.kv.history(key)).items)
          return (await Promise.all(keys)).flat().filter(({ author }) => author?.agent === agent)
        }
        const [before, others] = [await valuesOf(memory), [await of('good'), await of('other')]]
        await memory.as('lead').history.forget('bad', quick)
        expect([await of('good'), await of('other')]).toEqual(others)
        expect((await of('bad')).every(({ value }) => value === undefined)).toBe(true)
        const after = await valuesOf(memory)
        expect(JSON.stringify(after)).not.toContain('by bad')
        for (const [key, value] of Object.entries(before))
          if (!String(value).endsWith('by bad')) expect(after[key]).toBe(value)
      }),
      { numRuns: times(200) },
    )
  })
})
