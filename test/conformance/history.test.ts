import { expect, it } from 'vitest'
import type { MemoryVersion } from '../../src/kv/kv.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const second = 1_000

/** What a change says in the tests. */
const told = ({ revision, value, deleted, author }: MemoryVersion) => ({
  revision,
  value: deleted ? 'deleted' : value,
  by: author?.agent,
})

conform('history', open => {
  it('keeps what was stored under a key, by whom and when, and its deletion', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.as('coder-1').store('decision', 'SQLite', { metadata: { why: 'one file' } })
    clock.advance(second)
    await memory.as('coder-2').store('decision', 'garbage')
    clock.advance(second)
    await memory.as('coder-3').delete('decision')
    const { items, cursor } = await memory.kv.history('decision')
    expect(cursor).toBeUndefined()
    expect(items.map(told)).toEqual([
      { revision: 3, value: 'deleted', by: 'coder-3' },
      { revision: 2, value: 'garbage', by: 'coder-2' },
      { revision: 1, value: 'SQLite', by: 'coder-1' },
    ])
    expect(items[2]).toEqual({
      key: 'decision',
      namespace: 'default',
      revision: 1,
      deleted: false,
      value: 'SQLite',
      metadata: { why: 'one file' },
      author: { agent: 'coder-1', via: expect.any(String) },
      updatedAt: new Date(clock.now() - 2 * second),
      expiresAt: undefined,
      redacted: undefined,
    })
    expect(items[0]?.updatedAt).toEqual(new Date(clock.now()))
  })

  it('says how a value differs from what it was', async () => {
    const memory = await open()
    await memory.store('key', { a: 1, b: [1, 2] })
    await memory.store('key', { a: 2, b: [1] })
    await memory.store('key', { a: 2, b: [1], c: null })
    expect(await memory.kv.diff('key', { from: 1, to: 2 })).toEqual({
      from: 1,
      to: 2,
      changes: [
        { op: 'replace', path: '/a', value: 2, was: 1 },
        { op: 'remove', path: '/b/1', was: 2 },
      ],
    })
    const added = { op: 'add', path: '/c', value: null }
    expect(await memory.kv.diff('key', { from: 2 })).toEqual({ from: 2, to: 3, changes: [added] })
    await memory.delete('key')
    for (const options of [{ from: 2 }, { from: 4, to: 2 }, { from: 2, to: 9 }])
      await expect(memory.kv.diff('key', options)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('goes on with the same numbers after a key was deleted and stored again', async () => {
    const memory = await open()
    await memory.store('key', 1)
    await memory.delete('key')
    const { revision } = await memory.store('key', 2)
    const { items } = await memory.kv.history('key')
    expect(items.map(each => each.revision)).toEqual([revision, 2, 1])
    expect(revision).toBeGreaterThan(2)
  })

  it('comes by pages, with a deletion and what it deleted on two of them', async () => {
    const memory = await open()
    for (let i = 1; i <= 5; i++) await memory.store('key', i)
    await memory.delete('key')
    const whole = (await memory.kv.history('key')).items
    expect(whole).toHaveLength(6)
    for (const limit of [1, 2, 4]) {
      const pages: MemoryVersion[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await memory.kv.history('key', { limit, cursor })
        pages.push(...page.items)
        cursor = page.cursor
        if (cursor === undefined) break
      }
      expect(pages).toEqual(whole)
    }
  })

  it('reads a key, and searches, as of a moment', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const at: Date[] = []
    const tick = () => {
      at.push(new Date(clock.now()))
      clock.advance(second)
    }
    tick()
    await memory.store('a', 1)
    tick()
    await memory.store('b', 1)
    await memory.store('a', 2)
    tick()
    await memory.delete('a')
    tick()
    await memory.store('a', 3)
    tick()
    const values = async (asOf: Date) =>
      (await memory.kv.search('*', { asOf })).items.map(({ key, value }) => [key, value])
    expect(await Promise.all(at.map(values))).toEqual([
      [],
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
      [['b', 1]],
      [
        ['a', 3],
        ['b', 1],
      ],
    ])
    expect(await Promise.all(at.map(asOf => memory.retrieve('a', { asOf })))).toEqual([
      undefined,
      1,
      2,
      undefined,
      3,
    ])
    expect(await memory.kv.get('a', { asOf: at[2] })).toMatchObject({ revision: 2, value: 2 })
    expect(await memory.retrieve('a', { revision: 1 })).toBe(1)
    expect(await memory.retrieve('a', { revision: 3 })).toBeUndefined()
    expect(await memory.retrieve('a', { revision: 99 })).toBeUndefined()
    await expect(memory.retrieve('a', { revision: 1, asOf: at[1] })).rejects.toThrow('not both')
  })

  it('finds one version of each key, also where a clock was set back', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const step of [3, 7, -5]) {
      clock.advance(step * second)
      await memory.store('key', step)
    }
    const asOf = new Date(clock.now() + 2 * second)
    expect((await memory.kv.search('*', { asOf })).items.map(({ value }) => value)).toEqual([-5])
    expect(await memory.retrieve('key', { asOf })).toBe(-5)
  })

  it('keeps 20 versions of a key, and does not say that there was nothing before', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const start = new Date(clock.now())
    for (let i = 1; i <= 30; i++) {
      clock.advance(second)
      await memory.store('key', i)
    }
    const { items } = await memory.kv.history('key')
    // Too many are looked for once in a few changes only.
    const oldest = items.at(-1)?.revision ?? 0
    expect(items.length).toBeGreaterThan(20)
    expect(oldest).toBeGreaterThan(2)
    expect(items.map(each => each.value)).toEqual(Array.from({ length: items.length }, (_, i) => 30 - i))
    const after = (seconds: number) => new Date(start.getTime() + seconds * second)
    expect(await memory.retrieve('key', { asOf: after(oldest) })).toBe(oldest)
    for (const past of [{ asOf: after(oldest - 1) }, { asOf: after(1) }, { revision: oldest - 1 }])
      await expect(memory.retrieve('key', past)).rejects.toMatchObject({ code: 'compacted' })
    expect(await memory.retrieve('key', { asOf: start })).toBeUndefined()
  })

  it('does not show what has expired, not even as of the time when it had not', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('key', 'kept')
    clock.advance(second)
    await memory.store('key', 'for a while', { ttl: 10 })
    const meanwhile = new Date(clock.now())
    clock.advance(second)
    expect(await memory.retrieve('key', { asOf: meanwhile })).toBe('for a while')
    clock.advance(20 * second)
    const shown = async () => (await memory.kv.history('key')).items.map(({ value }) => value)
    expect(await shown()).toEqual(['kept'])
    expect(await memory.retrieve('key', { asOf: meanwhile })).toBeUndefined()
    await memory.store('key', 'new')
    expect(await shown()).toEqual(['new', 'kept'])
    await memory.cleanup()
    expect(await shown()).toEqual(['new', 'kept'])
    expect(await memory.retrieve('key', { asOf: meanwhile })).toBeUndefined()
  })

  it('stores again what a key held, and can take that back', async () => {
    const memory = await open()
    await memory.store('key', 'good', { metadata: { tag: 'kept' }, namespace: 'space' })
    await memory.as('coder-2').store('key', 'bad', { namespace: 'space' })
    const { revision } = await memory.as('coder-1').kv.revert('key', { revision: 1, namespace: 'space' })
    expect(await memory.kv.get('key', { namespace: 'space' })).toMatchObject({
      value: 'good',
      metadata: { tag: 'kept' },
      revision,
      author: { agent: 'coder-1' },
    })
    await memory.kv.revert('key', { revision: revision - 1, namespace: 'space' })
    expect(await memory.retrieve('key', { namespace: 'space' })).toBe('bad')
    await expect(memory.kv.revert('key', { revision: 99, namespace: 'space' })).rejects.toMatchObject({
      code: 'not_found',
    })
    await memory.delete('key', { namespace: 'space' })
    await memory.kv.revert('key', { revision: 1, namespace: 'space' })
    expect(await memory.retrieve('key', { namespace: 'space' })).toBe('good')
  })

  it('keeps the memory of agents, and takes it back', async () => {
    const memory = (await open()).as('coder-1')
    await memory.storeAgentMemory('coder-1', 'note', 'first')
    await memory.storeAgentMemory('coder-1', 'note', 'second')
    await memory.as('coder-2').agents.deleteMemory('coder-1', 'note')
    const { items } = await memory.agents.memoryHistory('coder-1', 'note')
    expect(items.map(({ value, deleted, author }) => [value, deleted, author?.agent])).toEqual([
      [undefined, true, 'coder-2'],
      ['second', false, 'coder-1'],
      ['first', false, 'coder-1'],
    ])
    await memory.agents.revertMemory('coder-1', 'note', { revision: 1 })
    expect(await memory.agents.retrieveMemory('coder-1', 'note')).toBe('first')
    await memory.agents.delete('coder-1', { cascade: true })
    expect((await memory.agents.memoryHistory('coder-1', 'note')).items[0]).toMatchObject({
      deleted: true,
      author: { agent: 'coder-1' },
    })
  })

  it('keeps what was stored of a pattern, not what came of it, and takes it back', async () => {
    const memory = await open()
    const pattern = { id: 'retry', type: 'network' }
    await memory.patterns.store({ ...pattern, patternData: { wait: 1 }, confidence: 0.5 })
    await memory.patterns.recordOutcome('retry', { success: true })
    await memory.patterns.store({ ...pattern, patternData: { wait: 2 }, metadata: { by: 'me' } })
    expect((await memory.patterns.history('retry')).items).toMatchObject([
      { revision: 2, patternData: { wait: 2 }, confidence: 0, metadata: { by: 'me' }, deleted: false },
      { revision: 1, patternData: { wait: 1 }, confidence: 0.5, metadata: undefined, type: 'network' },
    ])
    const reverted = await memory.patterns.revert('retry', { revision: 1 })
    expect(reverted).toMatchObject({
      patternData: { wait: 1 },
      metadata: undefined,
      successes: 1,
      revision: 3,
    })
    expect(reverted.confidence).toBeCloseTo((2 * 0.5 + 1) / 3)
    await memory.as('coder-2').patterns.delete('retry')
    expect((await memory.patterns.history('retry')).items[0]).toMatchObject({
      deleted: true,
      author: { agent: 'coder-2' },
    })
  })

  it('says who has cleared a namespace', async () => {
    const memory = await open()
    await memory.kv.storeMany(['a', 'b', 'c'].map(key => ({ key, value: key, namespace: 'space' })))
    expect(await memory.as('coder-2').clearNamespace('space')).toBe(3)
    for (const key of ['a', 'b', 'c'])
      expect((await memory.kv.history(key, { namespace: 'space' })).items.map(told)).toMatchObject([
        { value: 'deleted', by: 'coder-2' },
        { value: key },
      ])
  })

  it('keeps what SQL from outside replaces and deletes, as of nobody that it knows', async () => {
    const memory = await open()
    await memory.as('coder-1').store('key', 'ours')
    await memory.execute(`update memory_store set value = '"theirs"' where key = 'key'`)
    expect(await memory.kv.get('key')).toMatchObject({ value: 'theirs', revision: 2, author: undefined })
    await memory.execute(`delete from memory_store where key = 'key'`)
    expect((await memory.kv.history('key')).items.map(told)).toEqual([
      { revision: 3, value: 'deleted', by: undefined },
      { revision: 2, value: 'theirs', by: undefined },
      { revision: 1, value: 'ours', by: 'coder-1' },
    ])
  })

  it('lets SQL from outside insert or update a key, which leaves a version too', async () => {
    const memory = await open()
    await memory.store('key', 'ours')
    for (const value of [1, 2])
      await memory.execute(
        `insert into memory_store (key, namespace, value) values ('key', 'default', '${value}')
         on conflict (key, namespace) do update set value = excluded.value`,
      )
    expect((await memory.kv.history('key')).items.map(told)).toEqual(
      [
        { revision: 3, value: 2, by: undefined },
        { revision: 2, value: 1, by: undefined },
        { revision: 1, value: 'ours', by: 'coder-1' },
      ].map((each, i) => (i === 2 ? { ...each, by: expect.any(String) } : each)),
    )
  })

  it('refuses to store by a revision that SQL from outside has gone beyond', async () => {
    const memory = await open()
    const { revision } = await memory.store('key', 'ours')
    await memory.execute(`update memory_store set value = '"theirs"' where key = 'key'`)
    await expect(memory.store('key', 'again', { expectedRevision: revision })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})
