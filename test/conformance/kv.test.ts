import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

conform('kv', open => {
  it('gives back what was stored, type and all', async () => {
    const memory = await open()
    const values = [
      '42',
      42,
      -0,
      true,
      null,
      '',
      [],
      {},
      { a: [1, { b: null }] },
      '\u{1f41d}',
      2 ** 53,
      1e-300,
    ]
    for (const value of values) {
      await memory.store('k', value)
      expect(await memory.retrieve('k')).toStrictEqual(value)
    }
  })

  it('answers undefined for a key that is absent, and null for a stored null', async () => {
    const memory = await open()
    await memory.store('nothing', null)
    expect(await memory.retrieve('absent')).toBeUndefined()
    expect(await memory.retrieve('nothing')).toBeNull()
  })

  it('keeps a Date as its ISO string', async () => {
    const memory = await open()
    await memory.store('when', { at: new Date(0) })
    expect(await memory.retrieve('when')).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  it('gives every caller a value of its own to change', async () => {
    const memory = await open()
    await memory.store('list', [1])
    for (let round = 0; round < 2; round++) {
      const list = await memory.retrieve('list')
      expect(list).toEqual([1])
      if (Array.isArray(list)) list.push(2)
    }
  })

  it('keeps the same key in two namespaces apart', async () => {
    const memory = await open()
    await memory.store('k', 'here')
    await memory.store('k', 'there', { namespace: 'other' })
    expect(await memory.retrieve('k')).toBe('here')
    expect(await memory.retrieve('k', { namespace: 'other' })).toBe('there')
    expect((await memory.kv.namespaces()).items).toEqual([
      { namespace: 'default', count: 1 },
      { namespace: 'other', count: 1 },
    ])
    const { items, cursor } = await memory.kv.namespaces({ limit: 1 })
    expect(items).toEqual([{ namespace: 'default', count: 1 }])
    expect(await memory.kv.namespaces({ limit: 1, cursor })).toEqual({
      items: [{ namespace: 'other', count: 1 }],
      cursor: undefined,
    })
  })

  it('treats an expired record as absent everywhere, at once', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('k', 1, { ttl: 1.5 })
    clock.advance(1499)
    expect(await memory.retrieve('k')).toBe(1)
    clock.advance(1)
    expect(await memory.retrieve('k')).toBeUndefined()
    expect(await memory.kv.get('k')).toBeUndefined()
    expect(await memory.kv.retrieveMany(['k'])).toEqual(new Map())
    expect(await memory.search('*')).toEqual([])
    expect((await memory.kv.namespaces()).items).toEqual([])
    expect(await memory.delete('k')).toBe(false)
  })

  it('forgets a former ttl and metadata when a key is stored again', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('k', 1, { ttl: 1, metadata: { by: 'me' } })
    await memory.store('k', 2)
    clock.advance(10_000)
    expect(await memory.kv.get('k')).toMatchObject({ value: 2, metadata: undefined, expiresAt: undefined })
  })

  it('tells the whole record', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const createdAt = new Date(clock.now())
    await memory.store('k', 1, { expiresAt: new Date(clock.now() + 60_000), metadata: 'note' })
    clock.advance(5)
    await memory.store('k', 2, { expiresAt: new Date(createdAt.getTime() + 60_000), metadata: 'note' })
    expect(await memory.kv.get('k')).toEqual({
      key: 'k',
      namespace: 'default',
      value: 2,
      metadata: 'note',
      createdAt,
      updatedAt: new Date(clock.now()),
      expiresAt: new Date(createdAt.getTime() + 60_000),
      revision: 2,
      author: expect.anything(),
    })
  })

  it('never uses a revision of a key twice, not even after a delete', async () => {
    const memory = await open()
    const seen = new Set<number>()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3; i++) seen.add((await memory.store('k', i)).revision)
      expect(await memory.delete('k')).toBe(true)
    }
    expect(seen.size).toBe(9)
  })

  it('stores on condition: absent, or at an expected revision', async () => {
    const memory = await open()
    const { revision } = await memory.store('k', 'a', { ifAbsent: true })
    await expect(memory.store('k', 'b', { ifAbsent: true })).rejects.toMatchObject({
      code: 'conflict',
      details: { revision, value: 'a' },
    })
    const next = await memory.store('k', 'b', { expectedRevision: revision })
    await expect(memory.store('k', 'c', { expectedRevision: revision })).rejects.toMatchObject({
      code: 'conflict',
      details: { revision: next.revision, value: 'b' },
    })
    await expect(memory.store('absent', 1, { expectedRevision: 7 })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await memory.retrieve('k')).toBe('b')
    expect(await memory.retrieve('absent')).toBeUndefined()
  })

  it('takes an expired record for absent when storing on condition', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('k', 'old', { ttl: 1 })
    clock.advance(1000)
    await memory.store('k', 'new', { ifAbsent: true })
    expect(await memory.kv.get('k')).toMatchObject({ value: 'new', createdAt: new Date(clock.now()) })
  })

  it('searches by glob in key order, where _ and % are plain characters', async () => {
    const memory = await open()
    for (const key of ['user_b', 'user_a', 'userXa', 'user%a', 'other']) await memory.store(key, key)
    const keys = async (glob: string) => (await memory.search(glob)).map(record => record.key)
    expect(await keys('user_*')).toEqual(['user_a', 'user_b'])
    expect(await keys('user%*')).toEqual(['user%a'])
    expect(await keys('user?a')).toEqual(['user%a', 'userXa', 'user_a'])
    expect(await keys('user[_X]a')).toEqual(['userXa', 'user_a'])
    expect(await keys('USER*')).toEqual([])
  })

  it('pages through a search, everywhere when asked, without loss or repetition', async () => {
    const memory = await open()
    const all = Array.from({ length: 25 }, (_, i) => ({
      key: `k${i % 13}`,
      value: i,
      namespace: `n${i % 2}`,
    }))
    await memory.kv.storeMany(all)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.kv.search('k*', { namespace: '*', limit: 4, cursor })
      expect(page.items.length).toBeLessThanOrEqual(4)
      seen.push(...page.items.map(record => `${record.namespace} ${record.key}`))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual([...new Set(all.map(({ namespace, key }) => `${namespace} ${key}`))].sort())
  })

  it('refuses the cursor of another namespace, where it would skip or repeat keys', async () => {
    const memory = await open()
    for (const namespace of ['one', 'two'])
      for (const key of ['a', 'b']) await memory.kv.store(key, 1, { namespace })
    const { cursor } = await memory.kv.search('*', { namespace: 'one', limit: 1 })
    const other = memory.kv.search('*', { namespace: 'two', limit: 1, cursor })
    await expect(other).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('"one"'),
    })
  })

  it('stores many or none', async () => {
    const memory = await open()
    const bad = { key: '', value: 1 }
    await expect(memory.kv.storeMany([{ key: 'a', value: 1 }, bad])).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(await memory.retrieve('a')).toBeUndefined()
    await memory.kv.storeMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, namespace: 'n' },
    ])
    expect(await memory.kv.retrieveMany(['a', 'b'])).toEqual(new Map([['a', 1]]))
  })

  it('deletes a key, clears a namespace, and says what there was', async () => {
    const memory = await open()
    await memory.kv.storeMany(['a', 'b', 'c'].map(key => ({ key, value: 1, namespace: 'temp' })))
    await memory.store('a', 'kept')
    expect(await memory.delete('a', { namespace: 'temp' })).toBe(true)
    expect(await memory.delete('a', { namespace: 'temp' })).toBe(false)
    expect(await memory.clearNamespace('temp')).toBe(2)
    expect(await memory.clearNamespace('temp')).toBe(0)
    expect(await memory.retrieve('a')).toBe('kept')
  })
})
