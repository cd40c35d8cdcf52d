import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const second = 1_000

/** Keys and values of the default namespace. */
const valuesOf = async (memory: Memory) =>
  Object.fromEntries((await memory.kv.search('*')).items.map(({ key, value }) => [key, value]))

/** One change of the random test; without a value it deletes. */
interface Change {
  key: string
  by: string
  value: number | undefined
}

const change = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  by: fc.constantFrom('coder-1', 'coder-2', 'coder-3'),
  value: fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined, freq: 3 }),
})

/** What each key holds after an undo, by the plainest rules: its latest changes by one writer never happened. */
function expectedAfter(changes: readonly Change[], by: string, force: boolean) {
  const values: Record<string, number> = {}
  const skipped: string[] = []
  for (const key of ['a', 'b', 'c']) {
    let present: number | undefined
    const states: { by: string; value: number | undefined }[] = []
    for (const each of changes.filter(each => each.key === key)) {
      // Deleting what is absent changes nothing.
      if (each.value === undefined && present === undefined) continue
      states.push(each)
      present = each.value
    }
    let end = states.length
    if (force) end = states.findLastIndex(state => state.by === by) + 1 || end
    while (end > 0 && states[end - 1]?.by === by) end--
    const isTouched = states.some(state => state.by === by)
    if (isTouched && end === states.length) skipped.push(key)
    const value = states[end - 1]?.value
    if (value !== undefined) values[key] = value
  }
  return { values, skipped }
}

async function carriedOut(memory: Memory, changes: readonly Change[]): Promise<void> {
  for (const { key, by, value } of changes) {
    if (value === undefined) await memory.as(by).delete(key)
    else await memory.as(by).store(key, value)
  }
}

conform('undo', (open, times) => {
  it('takes back the afternoon of one agent, and nothing of the others', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-1').store('decision/db', 'SQLite', { metadata: { why: 'one file' } })
    await memory.as('coder-1').store('decision/api', 'REST')
    await memory.as('coder-2').store('mine', 'from the morning')
    clock.advance(second)
    const since = new Date(clock.now())
    const bad = memory.as('coder-2')
    await bad.store('decision/db', 'garbage')
    await bad.store('decision/db', 'more garbage')
    await bad.store('new', 'garbage')
    await bad.delete('decision/api')
    await bad.store('shared', 'garbage')
    await bad.storeAgentMemory('coder-2', 'note', 'garbage')
    await bad.patterns.store({ id: 'p', type: 't', patternData: 'garbage' })
    await memory.as('coder-3').store('shared', 'mended')
    const before = await valuesOf(memory)

    const plan = await memory.history.undo('coder-2', { since, dryRun: true })
    expect(plan).toMatchObject({ restored: 2, deleted: 3, skipped: 1, dryRun: true })
    expect(plan.records.find(({ outcome }) => outcome === 'skipped')).toMatchObject({
      record: { in: 'memory', key: 'shared' },
      why: 'changed_since',
      by: { agent: 'coder-3' },
    })
    expect(await valuesOf(memory)).toEqual(before)

    clock.advance(second)
    const done = await memory.as('lead').history.undo('coder-2', { since })
    expect(done).toMatchObject({ restored: 2, deleted: 3, skipped: 1, dryRun: false })
    expect(await valuesOf(memory)).toEqual({
      'decision/db': 'SQLite',
      'decision/api': 'REST',
      mine: 'from the morning',
      shared: 'mended',
    })
    expect(await memory.kv.get('decision/db')).toMatchObject({
      metadata: { why: 'one file' },
      author: { agent: 'lead' },
    })
    expect(await memory.agents.retrieveMemory('coder-2', 'note')).toBeUndefined()
    expect(await memory.patterns.get('p')).toBeUndefined()

    // The undoing is undone in the same way.
    await memory.history.undo('lead', { since: done.at })
    expect(await valuesOf(memory)).toEqual(before)
    expect(await memory.agents.retrieveMemory('coder-2', 'note')).toBe('garbage')
    expect(await memory.patterns.get('p')).toMatchObject({ patternData: 'garbage' })
  })

  it('takes back what one session has done, where the session is named', async () => {
    const memory = await open()
    if (memory.url.startsWith('http')) return
    const session = (name: string) => memory.as('coder-1').through({ via: 'mcp:test', session: name })
    await session('one').store('a', 1)
    await session('two').store('b', 2)
    expect(await memory.history.undo('coder-1', { session: 'two' })).toMatchObject({ deleted: 1 })
    expect(await valuesOf(memory)).toEqual({ a: 1 })
  })

  it('says of what it puts back whether it was deleted', async () => {
    const memory = await open()
    const keys = ['written', 'deleted', 'deleted and written']
    await memory.as('coder-1').kv.storeMany(keys.map(key => ({ key, value: 'first' })))
    const bad = memory.as('coder-2')
    for (const key of keys.slice(1)) await bad.delete(key)
    for (const key of [keys[0], keys[2]] as string[]) await bad.store(key, 'garbage')
    const { records } = await bad.history.undo('coder-2')
    const told = records.map(({ record, outcome, wasDeleted }) => [
      'key' in record && record.key,
      outcome,
      wasDeleted,
    ])
    expect(told.toSorted()).toEqual([
      ['deleted and written', 'restored', false],
      ['deleted', 'restored', true],
      ['written', 'restored', false],
    ])
  })

  it('takes back only what is in a namespace, where one is named', async () => {
    const memory = (await open()).as('coder-1')
    await memory.store('a', 1)
    await memory.store('a', 2, { namespace: 'space' })
    await memory.storeAgentMemory('coder-1', 'note', 3)
    expect(await memory.history.undo('coder-1', { namespace: 'space' })).toMatchObject({
      deleted: 1,
      restored: 0,
    })
    expect(await memory.retrieve('a')).toBe(1)
    expect(await memory.retrieve('a', { namespace: 'space' })).toBeUndefined()
    expect(await memory.agents.retrieveMemory('coder-1', 'note')).toBe(3)
  })

  it('goes over all records, however many others were left alone', async () => {
    const memory = await open()
    const records = Array.from({ length: 1_100 }, (_, i) => ({ key: `k${i}`, value: 0 }))
    await memory.as('coder-2').kv.storeMany(records)
    await memory.as('coder-1').kv.storeMany(records.slice(0, 600))
    const { deleted, skipped } = await memory.history.undo('coder-2')
    expect({ deleted, skipped }).toEqual({ deleted: 500, skipped: 600 })
    for (const options of [{ namespace: '' }, { session: '' }])
      await expect(memory.history.undo('coder-2', options)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('leaves a record of which nobody knows any more what it held before', async () => {
    const memory = await open()
    await memory.as('coder-1').store('key', 'first')
    for (let i = 0; i < 40; i++) await memory.as('coder-2').store('key', i)
    const { skipped, records } = await memory.history.undo('coder-2')
    expect(skipped).toBe(1)
    expect(records[0]).toMatchObject({ outcome: 'skipped', why: 'unknown_before' })
    expect(await memory.retrieve('key')).toBe(39)
  })

  it('does not bring back what has expired meanwhile', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-1').store('key', 'for a while', { ttl: 10 })
    clock.advance(second)
    await memory.as('coder-2').store('key', 'garbage')
    clock.advance(20 * second)
    const { records } = await memory.history.undo('coder-2')
    expect(records[0]?.outcome).toBe('skipped')
    expect(await memory.retrieve('key')).toBe('garbage')
  })

  it('does not take what was there before for what an agent has written over, when that had expired', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-1').store('key', 'long ago')
    await memory.as('coder-1').store('key', 'for a while', { ttl: 10 })
    clock.advance(20 * second)
    await memory.as('coder-2').store('key', 'garbage')
    expect(await memory.history.undo('coder-2')).toMatchObject({ deleted: 1, restored: 0 })
    expect(await memory.retrieve('key')).toBeUndefined()
  })

  it('has nothing to undo of a record that has expired', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-2').store('key', 'garbage')
    await memory.as('coder-2').store('key', 'for a while', { ttl: 10 })
    clock.advance(20 * second)
    expect(await memory.history.undo('coder-2')).toMatchObject({ deleted: 0, restored: 0, skipped: 0 })
  })

  it('leaves what the same agent has written before the time that is named', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const coder = memory.as('coder-2')
    for (const value of ['first', 'second', 'third', 'fourth']) {
      await coder.store('key', value)
      clock.advance(second)
    }
    const ago = (seconds: number) => new Date(clock.now() - seconds * second)
    expect(await memory.history.undo('coder-2', { since: ago(2), dryRun: true })).toMatchObject({
      records: [{ outcome: 'restored', revisions: [4, 3] }],
    })
    expect(await memory.history.undo('coder-2', { since: ago(3), until: ago(2) })).toMatchObject({
      skipped: 1,
    })
    await memory.history.undo('coder-2', { since: ago(2) })
    expect(await memory.retrieve('key')).toBe('second')
  })

  it('does what the plainest rules say, whoever has changed what in which order', async () => {
    const memory = await open()
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 18 }), fc.boolean(), async (changes, force) => {
        await memory.execute('delete from memory_store')
        await memory.execute('delete from hivewax_memory_history')
        await carriedOut(memory, changes)
        const { values, skipped } = expectedAfter(changes, 'coder-2', force)
        const plan = await memory.as('lead').history.undo('coder-2', { force, dryRun: true })
        const done = await memory.as('lead').history.undo('coder-2', { force })
        const keysOf = ({ records }: typeof done) =>
          records
            .filter(({ outcome }) => outcome === 'skipped')
            .map(({ record }) => 'key' in record && record.key)
        expect(keysOf(done).sort()).toEqual(skipped)
        expect(await valuesOf(memory)).toEqual(values)
        const outcomes = ({ records }: typeof done) => records.map(({ record, outcome }) => [record, outcome])
        expect(outcomes(plan)).toEqual(outcomes(done))
      }),
      { numRuns: times(300) },
    )
  })
})
