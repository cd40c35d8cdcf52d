// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { SharedChange } from '../../src/shared/shared.ts'
import { TestClock } from '../support/clock.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

conform('shared', open => {
  it('sets a key and tells everything about it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const entry = await memory.updateSharedState('focus', { progress: 45 }, { updatedBy: 'coder-1' })
    expect(entry).toEqual({
      key: 'focus',
      value: { progress: 45 },
      version: 1,
      updatedBy: 'coder-1',
      updatedAt: new Date(clock.now()),
      revision: 1,
      author: expect.anything(),
    })
    expect(await memory.shared.get('focus')).toEqual(entry)
    expect(await memory.shared.get('absent')).toBeUndefined()
  })

  it('names the agent of the handle unless told otherwise', async () => {
    const memory = await open()
    const agent = memory.as('coder-1')
    expect((await memory.shared.update('k', 1)).updatedBy).toBeUndefined()
    expect((await agent.shared.update('k', 2)).updatedBy).toBe('coder-1')
    expect((await agent.shared.update('k', 3, { updatedBy: 'other' })).updatedBy).toBe('other')
    await agent.shared.delete('k')
    expect((await memory.shared.history('k')).items[0]).toMatchObject({
      deleted: true,
      updatedBy: 'coder-1',
    })
  })

  it('raises the version by exactly 1 with every change, deletes and new beginnings included', async () => {
    const memory = await open()
    expect((await memory.shared.update('k', 'a')).version).toBe(1)
    expect((await memory.shared.update('k', 'b')).version).toBe(2)
    expect(await memory.shared.delete('k')).toBe(true)
    expect((await memory.shared.update('k', 'c')).version).toBe(4)
    expect((await memory.shared.update('other', 'd')).version).toBe(1)
  })

  it('changes only the expected version, and else tells the present one with its value', async () => {
    const memory = await open()
    await memory.shared.update('k', 'a', { expectedVersion: 0 })
    const held = { code: 'conflict', details: { version: 1, value: 'a' } }
    await expect(memory.shared.update('k', 'b', { expectedVersion: 0 })).rejects.toMatchObject(held)
    await expect(memory.shared.update('k', 'b', { expectedVersion: 2 })).rejects.toMatchObject(held)
    await expect(memory.shared.delete('k', { expectedVersion: 2 })).rejects.toMatchObject(held)
    expect(await memory.shared.update('k', 'b', { expectedVersion: 1 })).toMatchObject({ version: 2 })
    expect(await memory.shared.delete('k', { expectedVersion: 2 })).toBe(true)
    const absent = { code: 'conflict', details: { version: 0, value: undefined } }
    await expect(memory.shared.update('k', 'c', { expectedVersion: 3 })).rejects.toMatchObject(absent)
    await expect(memory.shared.delete('k', { expectedVersion: 3 })).rejects.toMatchObject(absent)
    expect(await memory.shared.update('k', 'c', { expectedVersion: 0 })).toMatchObject({ version: 4 })
  })

  it('uses no revision for what changed nothing', async () => {
    const memory = await open()
    const { revision } = await memory.shared.update('k', 1)
    expect(await memory.shared.delete('absent')).toBe(false)
    await expect(memory.shared.update('k', 2, { expectedVersion: 9 })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await memory.shared.transact({ then: [{ get: 'k' }, { delete: 'absent' }] })).toMatchObject({
      revision,
    })
    expect((await memory.shared.update('k', 3)).revision).toBe(revision + 1)
  })

  it('reads and goes on with what other SQL wrote', async () => {
    const memory = await open()
    await memory.execute("insert into shared_state (key, value) values ('plain', 'text'), ('json', '[1]')")
    await memory.execute("insert into shared_state (key, value, version) values ('odd', '1', null)")
    expect(await memory.shared.get('plain')).toMatchObject({ value: 'text', version: 1, revision: 0 })
    expect(await memory.shared.get('json')).toMatchObject({ value: [1], version: 1, updatedBy: undefined })
    expect(await memory.shared.update('plain', 2, { expectedVersion: 1 })).toMatchObject({ version: 2 })
    expect(await memory.shared.update('odd', 2)).toMatchObject({ version: 2 })
    expect(await memory.shared.delete('json', { expectedVersion: 1 })).toBe(true)
  })

  it('reuses no version of a key that other SQL deleted or made again', async () => {
    const memory = await open()
    for (const value of [1, 2, 3]) await memory.shared.update('k', value)
    await memory.execute("delete from shared_state where key = 'k'")
    expect((await memory.shared.update('k', 5)).version).toBe(5)
    await memory.shared.delete('k')
    await memory.execute("insert into shared_state (key, value) values ('k', '7')")
    await memory.shared.delete('k')
    expect((await memory.shared.history('k')).items[0]).toMatchObject({ version: 7, deleted: true })
    expect((await memory.shared.update('k', 8)).version).toBe(8)
  })

  it('lists by prefix, in key order, page by page, with the revision it shows', async () => {
    const memory = await open()
    const keys = ['a', 'a/', 'a/1', 'a/2', 'a/\u{10ffff}', 'a/\u{10ffff}z', 'a0', 'A/1', 'b']
    for (const key of keys) await memory.shared.update(key, key)
    const list = async (prefix?: string) => (await memory.shared.list(prefix)).items.map(entry => entry.key)
    expect(await list('a/')).toEqual(['a/', 'a/1', 'a/2', 'a/\u{10ffff}', 'a/\u{10ffff}z'])
    expect(await list()).toEqual([...keys].sort())
    expect(await list('c')).toEqual([])
    const first = await memory.shared.list('a', { limit: 3 })
    expect(first).toMatchObject({ revision: keys.length, items: { length: 3 } })
    const rest = await memory.shared.list('a', { limit: 10, cursor: first.cursor })
    expect([...first.items, ...rest.items].map(entry => entry.key)).toEqual(await list('a'))
    expect(rest.cursor).toBeUndefined()
    expect(await memory.shared.list('none')).toEqual({ items: [], cursor: undefined, revision: keys.length })
  })

  it('remembers the changes of a key, newest first', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.shared.update('k', null)
    await memory.shared.update('other', 1)
    await memory.shared.delete('k', { updatedBy: 'me' })
    await memory.shared.update('k', 3)
    const { items } = await memory.shared.history('k', { limit: 2 })
    const at = { updatedAt: new Date(clock.now()), key: 'k', author: expect.anything() }
    expect(items).toEqual([
      { ...at, version: 3, value: 3, deleted: false, updatedBy: undefined, revision: 4 },
      { ...at, version: 2, value: undefined, deleted: true, updatedBy: 'me', revision: 3 },
    ])
  })

  it('pages through the history of a key, where a transaction changed it several times too', async () => {
    const memory = await open()
    await memory.shared.update('k', 1)
    await memory.transaction(async tx => {
      for (const value of [2, 3, 4]) await tx.shared.update('k', value)
    })
    await memory.shared.update('k', 5)
    const versions: number[] = []
    let cursor: string | undefined
    do {
      const page = await memory.shared.history('k', { limit: 1, cursor })
      versions.push(...page.items.map(change => change.version))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(versions).toEqual([5, 4, 3, 2, 1])
  })

  it('does several steps under one revision when all conditions hold', async () => {
    const memory = await open()
    const { revision } = await memory.shared.update('a', { x: 1, y: [2] })
    const outcome = await memory.shared.transact({
      if: [
        { key: 'a', value: { y: [2], x: 1 }, version: 1 },
        { key: 'lock', version: 0 },
      ],
      then: [{ update: 'lock', value: 'mine' }, { update: 'a', value: 2 }, { get: 'a' }, { delete: 'gone' }],
      else: [{ delete: 'a' }],
      updatedBy: 'me',
    })
    const a = { key: 'a', value: 2, version: 2, updatedBy: 'me', revision: revision + 1 }
    expect(outcome).toMatchObject({
      succeeded: true,
      revision: revision + 1,
      results: [{ key: 'lock', version: 1, revision: revision + 1 }, a, a, false],
    })
  })

  it('does the other steps when a condition does not hold', async () => {
    const memory = await open()
    await memory.shared.update('a', 1)
    const then = [{ update: 'a', value: 'wrong' }]
    const unmet = [
      { key: 'a', version: 2 },
      { key: 'a', version: 0 },
      { key: 'a', value: '1' },
      { key: 'absent', value: null },
      { key: 'absent', version: 1 },
      { key: 'a', value: 1, version: 3 },
    ]
    for (const condition of unmet) {
      const outcome = await memory.shared.transact({
        if: [condition],
        then,
        else: [{ get: 'a' }, { get: 'absent' }],
      })
      expect(outcome).toMatchObject({
        succeeded: false,
        results: [{ key: 'a', value: 1, version: 1 }, undefined],
      })
    }
    expect(await memory.shared.get('a')).toMatchObject({ value: 1, version: 1 })
  })

  it('refuses what cannot be meant, before anything is done', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    const { shared } = memory
    await expect(shared.update('', 1)).rejects.toMatchObject(bad)
    await expect(shared.update('k', undefined)).rejects.toMatchObject(bad)
    await expect(shared.update('k', 1, { expectedVersion: -1 })).rejects.toMatchObject(bad)
    await expect(shared.delete('k', { expectedVersion: 0 })).rejects.toMatchObject(bad)
    await expect(shared.list('a\0')).rejects.toMatchObject(bad)
    await expect(shared.history('k', { cursor: 'x' })).rejects.toMatchObject(bad)
    await expect(shared.transact({ if: [{ key: 'k' }] })).rejects.toMatchObject(bad)
    const first = { update: 'k', value: 1 }
    const wrong = [{}, null, { update: 'k' }, { delete: 'k', get: 'k' }, { delete: '' }]
    for (const step of wrong) {
      // Callers without types can pass anything.
      await expect(shared.transact({ then: [first, step as never] })).rejects.toMatchObject(bad)
    }
    await expect(shared.transact({ then: Array(1001).fill(first) })).rejects.toMatchObject(bad)
    expect(() => shared.watch('a\0')).toThrow(expect.objectContaining(bad))
    expect(() => shared.watch('', { since: -1 })).toThrow(expect.objectContaining(bad))
    expect((await shared.list()).items).toEqual([])
  })

  it('shows every change after the call, deletes too, and no other', async () => {
    const memory = await open()
    await memory.shared.update('w/a', 'before')
    const live = memory.shared.watch('w/')
    await memory.shared.update('other', 1)
    await memory.shared.update('w/a', 'after', { updatedBy: 'me' })
    await memory.shared.delete('w/a')
    expect(await take(live, 2)).toMatchObject([
      { revision: 3, changes: [{ key: 'w/a', value: 'after', version: 2, deleted: false, updatedBy: 'me' }] },
      { revision: 4, changes: [{ key: 'w/a', value: undefined, version: 3, deleted: true }] },
    ])
  })

  it('shows the state of a list and then every change to it', async () => {
    const memory = await open()
    await memory.shared.update('a', 1)
    const { revision } = await memory.shared.list()
    await memory.shared.update('a', 2)
    const [next] = await take(memory.shared.watch('', { since: revision }), 1)
    expect(next?.changes).toMatchObject([{ key: 'a', value: 2 }])
  })

  it('shows nothing up to the revision to start after, although there is none yet', async () => {
    const memory = await open()
    await memory.shared.update('a', 1)
    const watch = take(memory.shared.watch('', { since: 3 }), 1)
    for (let value = 2; value <= 4; value++) {
      await memory.shared.update('a', value)
      await nextTurn()
    }
    expect(await watch).toMatchObject([{ revision: 4 }])
  })

  it('gives one revision to a transaction of the caller, and shows it whole', async () => {
    const memory = await open()
    const waiting = take(memory.shared.watch(), 2)
    const revisions = await memory.transaction(async tx => {
      const a = await tx.shared.update('a', 1)
      const undone = tx.transaction(async inner => {
        await inner.shared.update('undone', 1)
        throw new Error('no')
      })
      await expect(undone).rejects.toThrow('no')
      const b = await tx.transaction(inner => inner.shared.update('b', 1))
      const again = await tx.shared.update('a', 2)
      return [a.revision, b.revision, again.revision]
    })
    expect(revisions).toEqual([1, 1, 1])
    await memory.shared.update('c', 1)
    const changes = (revision: { changes: SharedChange[] }) =>
      revision.changes.map(c => `${c.key}${c.version}`)
    expect((await waiting).map(changes)).toEqual([['a1', 'a2', 'b1'], ['c1']])
  })

  it('takes no revision for a transaction of the caller that is rolled back', async () => {
    const memory = await open()
    const failing = memory.transaction(async tx => {
      await tx.shared.update('a', 1)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await memory.shared.update('a', 1)).toMatchObject({ version: 1, revision: 1 })
  })

  it('never splits a revision between two reads of a watch', async () => {
    const memory = await open()
    const steps = (n: number) => Array.from({ length: n }, (_, i) => ({ update: `k${i}`, value: i }))
    for (const size of [99, 3, 250, 1, 100, 40]) await memory.shared.transact({ then: steps(size) })
    const seen = await take(memory.shared.watch('', { since: 0 }), 6)
    expect(seen.map(({ revision, changes }) => [revision, changes.length])).toEqual([
      [1, 99],
      [2, 3],
      [3, 250],
      [4, 1],
      [5, 100],
      [6, 40],
    ])
  })

  it('ends a watch quietly when its signal aborts, and with Closed when the memory is closed', async () => {
    const memory = await open()
    const controller = new AbortController()
    const aborted = take(memory.shared.watch('', { signal: controller.signal }), 1)
    controller.abort()
    expect(await aborted).toEqual([])
    const ended = expect(take(memory.shared.watch(), 1)).rejects.toMatchObject({ code: 'closed' })
    await memory.close()
    await ended
  })

  it('keeps the latest 10,000 changes, and tells a watch that comes too late where the rest begins', async () => {
    const memory = await open()
    const then = Array.from({ length: 1000 }, (_, i) => ({ update: `k${i}`, value: i }))
    for (let i = 0; i < 13; i++) await memory.shared.transact({ then })
    const error = await take(memory.shared.watch('', { since: 0 }), 1).catch(error => error)
    expect(error).toMatchObject({ code: 'compacted', details: { since: 0, floor: expect.any(Number) } })
    const { floor } = error.details
    expect(floor).toBeGreaterThanOrEqual(1)
    expect(floor).toBeLessThanOrEqual(3)
    const kept = await take(memory.shared.watch('', { since: floor }), 13 - floor)
    expect(kept.map(({ changes }) => changes.length)).toEqual(Array(13 - floor).fill(1000))
    await expect(take(memory.shared.watch('', { since: floor - 1 }), 1)).rejects.toMatchObject({
      code: 'compacted',
    })
    expect((await memory.shared.history('k0')).items).toHaveLength(13 - floor)
    expect(await memory.shared.get('k0')).toMatchObject({ version: 13 })
  })
})
