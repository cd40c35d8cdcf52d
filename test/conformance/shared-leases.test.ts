// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'
import type { Open } from './suite.ts'

const dayMs = 86_400_000

conform('shared leases', open => {
  /** A lease `here` of 100 ms with two keys, beside one that is free. */
  async function bound(): Promise<{ memory: Memory; clock: TestClock }> {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.shared.grantLease({ ttlMs: 100, id: 'here' })
    await memory.shared.update('agent/a', 1, { lease: 'here' })
    await memory.shared.update('agent/b', 2, { lease: 'here' })
    await memory.shared.update('free', 3)
    return { memory, clock }
  }

  it('grants a lease, tells everything about it, and lets it last while it is kept alive', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const grantedAt = new Date(clock.now())
    const lease = await memory.as('coder-1').shared.grantLease({ ttlMs: 100 })
    expect(lease).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      owner: 'coder-1',
      ttlMs: 100,
      grantedAt,
      remainingMs: 100,
    })
    for (let round = 0; round < 5; round++) {
      clock.advance(99)
      expect(await memory.shared.lease(lease.id)).toEqual({ ...lease, remainingMs: 1 })
      expect(await memory.shared.keepAlive(lease.id)).toEqual(lease)
    }
    clock.advance(100)
    expect(await memory.shared.lease(lease.id)).toBeUndefined()
    const gone = { code: 'not_found', details: { id: lease.id } }
    await expect(memory.shared.keepAlive(lease.id)).rejects.toMatchObject(gone)
    await expect(memory.shared.update('k', 1, { lease: lease.id })).rejects.toMatchObject(gone)
    expect((await memory.shared.list()).items).toEqual([])
  })

  it('lists the leases that have not lapsed, by id, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const id of ['c', 'a', 'b']) await memory.shared.grantLease({ id, ttlMs: id === 'b' ? 10 : 100 })
    await expect(memory.shared.grantLease({ id: 'a', ttlMs: 1 })).rejects.toMatchObject({ code: 'conflict' })
    const first = await memory.shared.leases({ limit: 1 })
    expect(first.items).toMatchObject([{ id: 'a', owner: undefined }])
    clock.advance(10)
    const rest = await memory.shared.leases({ cursor: first.cursor })
    expect(rest).toMatchObject({ items: [{ id: 'c', remainingMs: 90 }], cursor: undefined })
  })

  it('takes the keys away at once for every reader when their lease lapses', async () => {
    const { memory, clock } = await bound()
    expect(await memory.shared.get('agent/a')).toMatchObject({ value: 1, leaseId: 'here' })
    clock.advance(99)
    expect((await memory.shared.list()).items).toHaveLength(3)
    clock.advance(1)
    expect(await memory.shared.get('agent/a')).toBeUndefined()
    expect((await memory.shared.list()).items).toMatchObject([{ key: 'free', leaseId: undefined }])
    const inside = await memory.transaction(tx => tx.shared.get('agent/a'))
    expect(inside).toBeUndefined()
    const unmet = await memory.shared.transact({
      if: [{ key: 'agent/a', version: 1 }],
      then: [{ update: 'won', value: true }],
      else: [{ get: 'agent/a' }],
    })
    expect(unmet).toMatchObject({ succeeded: false, results: [undefined] })
    await expect(memory.shared.update('agent/b', 4, { expectedVersion: 1 })).rejects.toMatchObject({
      code: 'conflict',
      details: { version: 0, value: undefined },
    })
    expect(await memory.shared.update('agent/b', 4, { expectedVersion: 0 })).toMatchObject({ version: 3 })
  })

  it('records the deletes of a lease in one revision, by whoever writes next', async () => {
    const { memory, clock } = await bound()
    const { revision } = await memory.shared.list()
    clock.advance(100)
    expect((await memory.shared.history('agent/a')).items).toHaveLength(1)
    await memory.as('somebody').shared.update('other', 1)
    const [change] = (await memory.shared.history('agent/a')).items
    expect(change).toMatchObject({ deleted: true, version: 2, revision: revision + 1, updatedBy: undefined })
    const [seen] = await take(memory.shared.watch('', { since: revision }), 1)
    expect(seen).toMatchObject({
      revision: revision + 1,
      changes: [
        { key: 'agent/a', deleted: true },
        { key: 'agent/b', deleted: true },
        { key: 'other', deleted: false, updatedBy: 'somebody' },
      ],
    })
    expect((await memory.shared.update('other', 2)).revision).toBe(revision + 2)
  })

  it('tells a watch of a lapse although nobody writes', async () => {
    const { memory, clock } = await bound()
    const watch = memory.shared.watch('agent/')[Symbol.asyncIterator]()
    const next = watch.next()
    await memory.shared.update('other', 1)
    clock.advance(100)
    expect((await next).value).toMatchObject({
      changes: [
        { key: 'agent/a', deleted: true, value: undefined, version: 2 },
        { key: 'agent/b', deleted: true, value: undefined, version: 2 },
      ],
    })
    await watch.return?.()
  })

  it('records a lapse once, however many notice it', async () => {
    const { memory, clock } = await bound()
    const { revision } = await memory.shared.list()
    clock.advance(100)
    const watches = Array.from({ length: 4 }, () =>
      take(memory.shared.watch('agent/', { since: revision }), 1),
    )
    await Promise.all([...watches, memory.shared.removeLapsed(), memory.shared.removeLapsed()])
    expect((await memory.shared.list()).revision).toBe(revision + 1)
    expect((await memory.shared.history('agent/a')).items).toHaveLength(2)
  })

  it('records a lapse when the upkeep asks, and nothing when there is none', async () => {
    const { memory, clock } = await bound()
    clock.advance(100)
    await memory.shared.removeLapsed()
    expect((await memory.shared.history('agent/b')).items[0]).toMatchObject({ deleted: true, version: 2 })
    const { revision } = await memory.shared.list()
    await memory.shared.removeLapsed()
    expect((await memory.shared.list()).revision).toBe(revision)
  })

  it('deletes the keys of a lease that is revoked, in one revision, by who revokes', async () => {
    const { memory } = await bound()
    const { revision } = await memory.shared.list()
    expect(await memory.as('me').shared.revokeLease('here')).toBe(true)
    expect(await memory.shared.revokeLease('here')).toBe(false)
    const [seen] = await take(memory.shared.watch('agent/', { since: revision }), 1)
    expect(seen?.changes).toMatchObject([
      { key: 'agent/a', deleted: true, updatedBy: 'me', revision: revision + 1 },
      { key: 'agent/b', deleted: true, updatedBy: 'me', revision: revision + 1 },
    ])
    expect((await memory.shared.list()).revision).toBe(revision + 1)
  })

  it('does not look at the store again before a lease can lapse, when nobody writes', async () => {
    const memory = await open({ slowQueryMs: 0 })
    await memory.shared.grantLease({ ttlMs: dayMs, id: 'long' })
    let reads = 0
    memory.on('slow_query', () => reads++)
    const stop = new AbortController()
    const watch = take(memory.shared.watch('', { signal: stop.signal }), 1)
    await expect.poll(() => reads).toBeGreaterThanOrEqual(2)
    const start = reads
    await setTimeout(400)
    // One look of those after a second, or two on a machine that stands still for a while, of a few reads each.
    expect(reads - start).toBeLessThan(10)
    stop.abort()
    expect(await watch).toEqual([])
  })

  it('unbinds a key that is set without the lease, and rebinds one that is set with another', async () => {
    const { memory, clock } = await bound()
    await memory.shared.grantLease({ ttlMs: dayMs, id: 'long' })
    expect(await memory.shared.update('agent/a', 5)).toMatchObject({ leaseId: undefined })
    await memory.shared.transact({ then: [{ update: 'agent/b', value: 6, lease: 'long' }] })
    clock.advance(100)
    expect((await memory.shared.list('agent/')).items).toMatchObject([
      { value: 5, leaseId: undefined },
      { value: 6, leaseId: 'long' },
    ])
  })

  it('does not give the keys of a lapsed lease to a new one of the same id', async () => {
    const { memory, clock } = await bound()
    clock.advance(100)
    await memory.shared.grantLease({ ttlMs: 100, id: 'here' })
    expect((await memory.shared.list('agent/')).items).toEqual([])
  })

  it('does not follow the wall clock, and ends every lease with a restart of the machine', async () => {
    const { memory, clock } = await bound()
    clock.setWall(clock.now() + dayMs)
    expect((await memory.shared.list('agent/')).items).toHaveLength(2)
    clock.setWall(clock.now() - 2 * dayMs)
    clock.reboot()
    expect((await memory.shared.list('agent/')).items).toEqual([])
    await memory.shared.update('free', 4)
    expect((await memory.shared.history('agent/a')).items[0]).toMatchObject({ deleted: true })
  })

  it('deletes a key whose lease other SQL has taken away', async () => {
    const { memory } = await bound()
    await memory.execute('delete from hivewax_leases')
    expect(await memory.shared.get('agent/a')).toBeUndefined()
    expect(await memory.shared.delete('agent/a')).toBe(false)
    expect(await memory.shared.update('agent/b', 1, { expectedVersion: 0 })).toMatchObject({ version: 3 })
  })

  it('writes only while a lock is held, in a transaction that names its token', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const write = (token: number, value: string) =>
      memory.shared.transact({ if: [{ lock: 'ledger', token }], then: [{ update: 'ledger', value }] })
    const former = await memory.locks.acquire('ledger', { leaseMs: 100 })
    expect(await write(former.token, 'former')).toMatchObject({ succeeded: true })
    clock.advance(100)
    expect(await write(former.token, 'lapsed')).toMatchObject({ succeeded: false })
    const current = await memory.locks.acquire('ledger', { leaseMs: 100 })
    expect(await write(former.token, 'zombie')).toMatchObject({ succeeded: false })
    expect(await write(current.token, 'current')).toMatchObject({ succeeded: true })
    await memory.locks.release(current)
    expect(await write(current.token, 'released')).toMatchObject({ succeeded: false })
    expect((await memory.shared.get('ledger'))?.value).toBe('current')
  })

  it('does steps only while a lease is there', async () => {
    const { memory, clock } = await bound()
    const look = () => memory.shared.transact({ if: [{ lease: 'here' }], then: [{ get: 'agent/a' }] })
    expect(await look()).toMatchObject({ succeeded: true, results: [{ value: 1 }] })
    clock.advance(100)
    expect(await look()).toMatchObject({ succeeded: false, results: [] })
  })

  it('does nothing of a transaction that binds to a lease which is gone', async () => {
    const memory = await open()
    const done = memory.shared.transact({
      then: [
        { update: 'a', value: 1 },
        { update: 'b', value: 2, lease: 'gone' },
      ],
    })
    await expect(done).rejects.toMatchObject({ code: 'not_found', details: { id: 'gone' } })
    expect(await memory.shared.list()).toMatchObject({ items: [], revision: 0 })
  })

  it('loses no delete to pruning: it is shown, or the watch is refused (etcd #18089)', async () => {
    const { memory, floor } = await pruned(open)
    const after = await take(memory.shared.watch('', { since: floor }), 14 - floor)
    expect(after.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 14 - floor }, (_, i) => floor + 1 + i),
    )
    for (const { revision, changes } of after) {
      expect(changes.map(change => change.deleted)).toEqual(Array(1000).fill(revision % 2 === 0))
    }
    const late = take(memory.shared.watch('', { since: floor - 1 }), 1)
    await expect(late).rejects.toMatchObject({ code: 'compacted', details: { floor } })
    expect((await memory.shared.update('k0', 'again')).version).toBe(15)
  })

  it('refuses bad input', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    const { shared } = memory
    for (const ttlMs of [0, -1, 1.5, Number.NaN, dayMs + 1]) {
      await expect(shared.grantLease({ ttlMs })).rejects.toMatchObject(bad)
    }
    // Callers without types can pass anything.
    await expect(shared.grantLease({} as never)).rejects.toMatchObject(bad)
    await expect(shared.grantLease({ ttlMs: 1, id: '' })).rejects.toMatchObject(bad)
    await expect(shared.keepAlive('')).rejects.toMatchObject(bad)
    await expect(shared.update('k', 1, { lease: '' })).rejects.toMatchObject(bad)
    const conditions = [{ lock: 'a' }, { lock: 'a', token: -1 }, { lease: '' }, { lease: 'a', key: 'k' }, {}]
    for (const condition of conditions) {
      await expect(shared.transact({ if: [condition as never] })).rejects.toMatchObject(bad)
    }
    expect((await shared.leases()).items).toEqual([])
  })
})

/** 14 revisions that set and delete 1,000 keys in turn, of which the history has dropped those up to `floor`. */
async function pruned(open: Open): Promise<{ memory: Memory; floor: number }> {
  const memory = await open({ durability: 'normal' })
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`)
  for (let i = 0; i < 7; i++) {
    await memory.shared.transact({ then: keys.map(key => ({ update: key, value: i })) })
    await memory.shared.transact({ then: keys.map(key => ({ delete: key })) })
  }
  const error = await take(memory.shared.watch('', { since: 0 }), 1).catch(error => error)
  expect(error).toMatchObject({ code: 'compacted' })
  return { memory, floor: error.details.floor }
}
