import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

conform('sessions', open => {
  it('gives a session back to whoever resumes it', async () => {
    const memory = await open()
    const id = await memory.createSession({ user: 'developer', project: 'shop', context: { open: ['a.ts'] } })
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(await memory.resumeSession(id)).toEqual({
      user: 'developer',
      project: 'shop',
      context: { open: ['a.ts'] },
    })
    const at = new Date(0)
    expect(await memory.updateSession(id, { lastActivity: at, progress: 75 })).toEqual({
      user: 'developer',
      project: 'shop',
      context: { open: ['a.ts'] },
      lastActivity: at.toISOString(),
      progress: 75,
    })
    expect(await memory.resumeSession(id)).toMatchObject({ progress: 75 })
  })

  it('stores what the caller passed and nothing else', async () => {
    const memory = await open()
    for (const data of [{}, null, [1], 'text', 0]) {
      expect(await memory.resumeSession(await memory.createSession(data))).toStrictEqual(data)
    }
  })

  it('answers undefined for a session that never was', async () => {
    const memory = await open()
    expect(await memory.resumeSession('absent')).toBeUndefined()
    expect(await memory.sessions.get('absent')).toBeUndefined()
    expect(await memory.sessions.delete('absent')).toBe(false)
    await expect(memory.updateSession('absent', {})).rejects.toMatchObject({
      code: 'not_found',
      details: { id: 'absent' },
    })
  })

  it('refuses an id that a live session has, and takes one whose session has expired', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    expect(await memory.createSession('first', { id: 'nightly', ttl: 1 })).toBe('nightly')
    await expect(memory.createSession('second', { id: 'nightly' })).rejects.toMatchObject({
      code: 'conflict',
      details: { id: 'nightly' },
    })
    clock.advance(1000)
    await memory.createSession('third', { id: 'nightly' })
    expect(await memory.sessions.get('nightly')).toEqual({
      id: 'nightly',
      data: 'third',
      createdAt: new Date(clock.now()),
      lastAccessed: new Date(clock.now()),
      author: expect.anything(),
      expiresAt: undefined,
      ttl: undefined,
    })
  })

  it('lets one of many creators of the same id win', async () => {
    const memory = await open()
    const attempts = Array.from({ length: 20 }, (_, i) => memory.createSession(i, { id: 'one' }))
    const settled = await Promise.allSettled(attempts)
    const winners = settled.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    expect(winners).toHaveLength(1)
    expect(await memory.resumeSession('one')).toBe(winners[0])
  })

  it('treats an expired session as absent everywhere, at once', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.createSession({}, { id: 's', ttl: 1.5 })
    clock.advance(1499)
    expect(await memory.sessions.get('s')).toBeDefined()
    clock.advance(1)
    expect(await memory.sessions.get('s')).toBeUndefined()
    expect(await memory.resumeSession('s')).toBeUndefined()
    expect(await memory.sessions.list()).toEqual({ items: [], cursor: undefined })
    await expect(memory.updateSession('s', {})).rejects.toMatchObject({ code: 'not_found' })
    expect(await memory.sessions.delete('s')).toBe(false)
  })

  it('lets a session with a ttl live on from each resume and update, and not from being looked at', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.createSession({}, { id: 's', ttl: 60 })
    const expiry = async () => (await memory.sessions.get('s'))?.expiresAt?.getTime()
    const created = clock.now()
    clock.advance(40_000)
    await memory.sessions.list()
    expect(await expiry()).toBe(created + 60_000)
    await memory.resumeSession('s')
    expect(await expiry()).toBe(clock.now() + 60_000)
    clock.advance(40_000)
    await memory.updateSession('s', { a: 1 })
    expect(await memory.sessions.get('s')).toEqual({
      id: 's',
      data: { a: 1 },
      createdAt: new Date(created),
      lastAccessed: new Date(clock.now()),
      author: expect.anything(),
      expiresAt: new Date(clock.now() + 60_000),
      ttl: 60,
    })
  })

  it('never ends a session without a ttl, however often it is resumed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.createSession(1, { id: 's' })
    for (let year = 0; year < 3; year++) {
      clock.advance(365 * 86_400_000)
      expect(await memory.resumeSession('s')).toBe(1)
    }
    expect(await memory.sessions.get('s')).toMatchObject({ expiresAt: undefined, ttl: undefined })
  })

  it('takes the longest and the shortest ttl, and refuses what is none', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.createSession(1, { id: 'long', ttl: Number.MAX_VALUE })
    expect(await memory.resumeSession('long')).toBe(1)
    expect((await memory.sessions.get('long'))?.expiresAt?.getUTCFullYear()).toBe(9999)
    await memory.createSession(1, { id: 'short', ttl: Number.MIN_VALUE })
    expect(await memory.resumeSession('short')).toBe(1)
    clock.advance(1)
    expect(await memory.resumeSession('short')).toBeUndefined()
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number]) {
      await expect(memory.createSession(1, { ttl })).rejects.toMatchObject({ code: 'invalid_input' })
    }
  })

  it('merges the top level of a patch and replaces what lies below', async () => {
    const memory = await open()
    await memory.createSession({ kept: 1, gone: { a: 1, b: 2 }, cleared: true }, { id: 's' })
    const patch = JSON.parse('{"gone":{"c":3},"cleared":null,"__proto__":{"polluted":1},"constructor":"x"}')
    await memory.updateSession('s', patch)
    const data = await memory.resumeSession('s')
    expect(JSON.stringify(data)).toBe(
      '{"kept":1,"gone":{"c":3},"cleared":null,"__proto__":{"polluted":1},"constructor":"x"}',
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('loses none of many patches made at the same time', async () => {
    const memory = await open()
    await memory.createSession({}, { id: 's' })
    const other = memory.as('another-agent')
    const numbers = Array.from({ length: 100 }, (_, i) => i)
    await Promise.all(numbers.map(i => (i % 2 ? memory : other).updateSession('s', { [`field_${i}`]: i })))
    expect(await memory.resumeSession('s')).toEqual(Object.fromEntries(numbers.map(i => [`field_${i}`, i])))
  })

  it('refuses a patch that is no object, and to patch data that is none', async () => {
    const memory = await open()
    await memory.createSession({ a: 1 }, { id: 's' })
    await memory.createSession([1, 2], { id: 'list' })
    for (const patch of [null, [1], 'text', 7, new Date(0), new Map(), undefined]) {
      const attempt = memory.updateSession('s', patch as unknown as Record<string, unknown>)
      await expect(attempt).rejects.toMatchObject({ code: 'invalid_input' })
    }
    await expect(memory.updateSession('s', { b: undefined })).rejects.toMatchObject({
      code: 'invalid_input',
      details: { path: 'patch.b' },
    })
    await expect(memory.updateSession('list', { a: 1 })).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.resumeSession('s')).toEqual({ a: 1 })
    expect(await memory.resumeSession('list')).toEqual([1, 2])
  })

  it('changes nothing when the merged data would be too large', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, maxValueBytes: 100 })
    await memory.createSession({ a: 'x'.repeat(60) }, { id: 's', ttl: 60 })
    const before = await memory.sessions.get('s')
    clock.advance(10)
    await expect(memory.updateSession('s', { b: 'y'.repeat(60) })).rejects.toMatchObject({
      code: 'too_large',
    })
    expect(await memory.sessions.get('s')).toEqual(before)
  })

  it('lists by access, the latest first, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await memory.createSession(id, { id })
      if (id !== 'b') clock.advance(10)
    }
    await memory.resumeSession('a')
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.sessions.list({ limit: 2, cursor })
      seen.push(...page.items.map(session => session.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['a', 'e', 'd', 'c', 'b'])
  })

  it('deletes a session once', async () => {
    const memory = await open()
    const id = await memory.createSession({})
    expect(await memory.sessions.delete(id)).toBe(true)
    expect(await memory.sessions.delete(id)).toBe(false)
    expect(await memory.resumeSession(id)).toBeUndefined()
  })

  it('takes part in a transaction, and is undone with it', async () => {
    const memory = await open()
    await memory.createSession({ n: 1 }, { id: 's' })
    const attempt = memory.transaction(async tx => {
      await tx.updateSession('s', { n: 2 })
      expect(await tx.resumeSession('s')).toEqual({ n: 2 })
      await tx.createSession({}, { id: 'new' })
      throw new Error('undo')
    })
    await expect(attempt).rejects.toThrow('undo')
    expect(await memory.resumeSession('s')).toEqual({ n: 1 })
    expect(await memory.resumeSession('new')).toBeUndefined()
  })

  it('resumes and updates a session that somebody inserted in SQL', async () => {
    const memory = await open()
    await memory.execute("insert into sessions (id, data) values ('s', '{\"a\":1}'), ('plain', 'no JSON')")
    expect(await memory.updateSession('s', { b: 2 })).toEqual({ a: 1, b: 2 })
    expect(await memory.resumeSession('plain')).toBe('no JSON')
    expect((await memory.sessions.list()).items.map(session => session.id).sort()).toEqual(['plain', 's'])
  })
})
