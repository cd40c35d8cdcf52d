import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { everyRow } from '../support/every-row.ts'
import { conform } from './conform.ts'

const second = 1_000
const quick = { vacuum: false }

conform('redact', open => {
  it('leaves of a key nothing but who wrote it, when, and who has redacted it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-1').store('api', 'sk-first', { metadata: { of: 'sk-first' } })
    clock.advance(second)
    const between = new Date(clock.now())
    await memory.as('coder-2').store('api', 'sk-second')
    await memory.store('other', 'stays')
    clock.advance(second)
    const done = await memory.as('lead').kv.redact('api', { ...quick, reason: 'leaked' })
    expect(done).toEqual({ revisions: [2, 1] })

    expect(await memory.retrieve('api')).toBeUndefined()
    expect(await everyRow(memory)).not.toContain('sk-')
    const { items } = await memory.kv.history('api')
    const redacted = { by: { agent: 'lead' }, at: new Date(clock.now()) }
    expect(items).toMatchObject([
      { revision: 3, deleted: true, author: { agent: 'lead' }, redacted: undefined },
      { revision: 2, deleted: false, value: undefined, author: { agent: 'coder-2' }, redacted },
      { revision: 1, deleted: false, value: undefined, author: { agent: 'coder-1' }, redacted },
    ])
    expect(items.map(({ metadata }) => metadata)).toEqual([undefined, undefined, undefined])
    expect(await memory.retrieve('api', { asOf: between })).toBeUndefined()
    expect(await memory.search('api*', { asOf: between })).toEqual([])
    expect(await memory.retrieve('api', { revision: 1 })).toBeUndefined()
    await expect(memory.kv.revert('api', { revision: 2 })).rejects.toMatchObject({ code: 'not_found' })
    expect(await memory.find('sk')).toEqual([])
    const [event] = await memory.events.list({ types: ['memory.redacted'] }).then(({ items }) => items)
    expect(event).toMatchObject({
      source: 'lead',
      data: { in: 'memory', namespace: 'default', key: 'api', revisions: [2, 1], reason: 'leaked' },
    })
    expect(await memory.retrieve('other')).toBe('stays')
  })

  it('takes one revision and leaves the others', async () => {
    const memory = await open()
    for (const value of ['one', 'two', 'three']) await memory.store('key', value)
    expect(await memory.kv.redact('key', { ...quick, revision: 2 })).toEqual({ revisions: [2] })
    expect(await memory.retrieve('key')).toBe('three')
    const valuesOf = async () => (await memory.kv.history('key')).items.map(({ value }) => value)
    expect(await valuesOf()).toEqual(['three', undefined, 'one'])
    // What the key holds now is deleted with its revision.
    expect(await memory.kv.redact('key', { ...quick, revision: 3 })).toEqual({ revisions: [3] })
    expect(await memory.retrieve('key')).toBeUndefined()
    expect(await valuesOf()).toEqual([undefined, undefined, undefined, 'one'])
    await memory.kv.revert('key', { revision: 1 })
    expect(await memory.retrieve('key')).toBe('one')
  })

  it('does nothing the second time, and says when there was nothing by that name', async () => {
    const memory = await open()
    await memory.store('key', 'one')
    await memory.kv.redact('key', quick)
    expect(await memory.kv.redact('key', quick)).toEqual({ revisions: [] })
    expect(await memory.kv.redact('key', { ...quick, revision: 1 })).toEqual({ revisions: [] })
    expect((await memory.events.list({ types: ['memory.redacted'] })).items).toHaveLength(1)
    for (const options of [{ revision: 9 }, { namespace: 'other' }])
      await expect(memory.kv.redact('key', { ...quick, ...options })).rejects.toMatchObject({
        code: 'not_found',
      })
    await expect(memory.kv.redact('key', { revision: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('takes what has expired too, of which the history goes on to show nothing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('key', 'sk-version', { ttl: 10 })
    await memory.store('key', 'sk-present', { ttl: 10 })
    clock.advance(20 * second)
    expect(await memory.kv.redact('key', quick)).toEqual({ revisions: [2, 1] })
    expect(await everyRow(memory)).not.toContain('sk-')
    expect((await memory.kv.history('key')).items).toEqual([])
  })

  it('takes what a key holds where no versions are kept, and tells of it all the same', async () => {
    const memory = await open()
    const cache = { namespace: 'cache' }
    await memory.history.setRetention('cache', { versions: 0 })
    await memory.store('key', 'sk-cached', cache)
    expect(await memory.kv.redact('key', { ...quick, ...cache })).toEqual({ revisions: [1] })
    expect(await everyRow(memory)).not.toContain('sk-')
    expect((await memory.events.list({ types: ['memory.redacted'] })).items).toHaveLength(1)
  })

  it('is not undone, nor does an undo take what is redacted for what was not there', async () => {
    const memory = await open()
    await memory.as('coder-1').store('key', 'secret')
    await memory.as('coder-2').store('key', 'garbage')
    await memory.kv.redact('key', { ...quick, revision: 1 })
    const { records } = await memory.history.undo('coder-2')
    expect(records).toMatchObject([{ outcome: 'skipped', why: 'unknown_before' }])
    await memory.as('lead').kv.redact('key', quick)
    expect(await memory.history.undo('lead')).toMatchObject({ restored: 0, deleted: 0, skipped: 1 })
    expect(await memory.retrieve('key')).toBeUndefined()
  })

  it("takes agents' own memory and patterns by the same rules", async () => {
    const memory = await open()
    await memory.storeAgentMemory('coder-1', 'note', 'sk-first')
    await memory.storeAgentMemory('coder-1', 'note', 'second')
    expect(await memory.agents.redactMemory('coder-1', 'note', { ...quick, revision: 1 })).toEqual({
      revisions: [1],
    })
    expect(await memory.agents.retrieveMemory('coder-1', 'note')).toBe('second')
    await memory.patterns.store({ id: 'p', type: 'sk-type', patternData: 'sk-data', confidence: 0.5 })
    expect(await memory.patterns.redact('p', quick)).toEqual({ revisions: [1] })
    expect(await memory.patterns.get('p')).toBeUndefined()
    expect((await memory.patterns.history('p')).items[1]).toMatchObject({
      type: undefined,
      patternData: undefined,
      confidence: undefined,
      redacted: { at: expect.any(Date) },
    })
    expect(await everyRow(memory)).not.toContain('sk-')
    const events = await memory.events.list({ types: ['memory.redacted'] })
    expect(events.items.map(({ data }) => data)).toEqual([
      { in: 'agent_memory', agentId: 'coder-1', key: 'note', revisions: [1] },
      { in: 'patterns', id: 'p', revisions: [1] },
    ])
  })

  it('is part of a transaction, and undone with it', async () => {
    const memory = await open()
    await memory.store('key', 'one')
    const failing = memory.transaction(async tx => {
      await tx.kv.redact('key')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await memory.retrieve('key')).toBe('one')
    await memory.transaction(tx => tx.kv.redact('key'))
    expect(await memory.retrieve('key')).toBeUndefined()
  })
})
