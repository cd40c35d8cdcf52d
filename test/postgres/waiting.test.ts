import { expect, it, vi } from 'vitest'
import { Wait } from '../../src/db/postgres/wait-limit.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

const busyTimeoutMs = 300

/** What a call is told that has waited as long as it may. */
const busy = { code: 'busy', retryable: true }

it('gives up on a row that a stranger has locked, and says which table it waited at', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ busyTimeoutMs }, url)
  await memory.store('held', 1)
  const task = await memory.tasks.create({ description: 'held' })
  await withClient(async stranger => {
    await stranger.query('begin')
    await stranger.query('select 1 from memory_store for update')
    await stranger.query('select 1 from tasks for update')
    const message = /held a lock for longer than busyTimeoutMs: .*relation "memory_store"/
    await expect(memory.store('held', 2)).rejects.toMatchObject({ ...busy, message })
    await expect(memory.transaction(tx => tx.store('held', 2))).rejects.toMatchObject(busy)
    await expect(memory.tasks.cancel(task.id)).rejects.toMatchObject(busy)
    await expect(memory.execute("update memory_store set value = '2'")).rejects.toMatchObject(busy)
    expect(await memory.retrieve('held')).toBe(1)
    await stranger.query('rollback')
  }, url)
  await memory.store('held', 3)
  expect(await memory.retrieve('held')).toBe(3)
})

it('lets a caller go on after a transaction within another waited in vain, and keeps nothing of it', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ busyTimeoutMs }, url)
  await memory.store('held', 1)
  await withClient(async stranger => {
    await stranger.query('begin')
    await stranger.query('select 1 from memory_store for update')
    await memory.transaction(async tx => {
      await tx.store('outer', 1)
      const inner = tx.transaction(async within => {
        await within.store('inner', 1)
        await within.store('held', 2)
      })
      await expect(inner).rejects.toMatchObject(busy)
      await tx.store('after', 1)
    })
    await stranger.query('rollback')
  }, url)
  expect((await memory.search('*')).map(record => record.key)).toEqual(['after', 'held', 'outer'])
})

it('gives up when no connection comes free, and says so', async () => {
  const memory = await openPostgresScratch({ maxConnections: 1, busyTimeoutMs })
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const held = memory.transaction(async () => {
    begun.resolve()
    await end.promise
  })
  await begun.promise
  const message = /none of the 1 connections of this process came free within 300 ms/
  const details = { outcome: 'none' }
  await expect(memory.store('key', 1)).rejects.toMatchObject({ ...busy, message, details })
  await expect(memory.retrieve('key')).rejects.toMatchObject({ ...busy, message })
  await expect(memory.transaction(tx => tx.store('key', 1))).rejects.toMatchObject({ ...busy, message })
  await expect(memory.execute('select 1 as one')).rejects.toMatchObject({ ...busy, message })
  end.resolve()
  await held
  await memory.store('key', 2)
  expect(await memory.retrieve('key')).toBe(2)
})

it('counts the wait for a connection and that for a lock together', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ maxConnections: 1, busyTimeoutMs: 4_000 }, url)
  const other = await openPostgresScratch({ busyTimeoutMs: 3_000 }, url)
  await memory.store('held', 1)
  await withClient(async stranger => {
    await stranger.query('begin')
    await stranger.query('select 1 from memory_store for update')
    const first = expect(memory.store('held', 2)).rejects.toMatchObject(busy)
    const blocked = 'select 1 from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))'
    await vi.waitUntil(async () => (await stranger.query(blocked)).rowCount === 1, { timeout: 30_000 })
    const behind = Promise.allSettled(Array.from({ length: 5 }, () => memory.store('held', 3)))
    await first
    // Those behind it have waited as long, and this one has all its time, which is shorter, before it.
    const late = other.store('held', 4).catch(() => 'late')
    const outcomes = await Promise.race([behind, late])
    expect(outcomes).toMatchObject(Array(5).fill({ status: 'rejected', reason: busy }))
    await stranger.query('rollback')
    await Promise.allSettled([behind, late])
  }, url)
})

it('refuses none of many calls that wait for their turn while the ones before them get on', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ maxConnections: 1, busyTimeoutMs: 3_500 }, url)
  const calls = Array.from({ length: 8 }, () => memory.execute('select pg_sleep(0.6)'))
  expect(await Promise.all(calls)).toHaveLength(8)
})

it('stores and reads at once, or not at all, when it is to wait for nobody', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ busyTimeoutMs: 0 }, url)
  await memory.store('key', 1)
  await memory.transaction(tx => tx.store('held', 1))
  expect(await memory.search('*')).toHaveLength(2)
  await withClient(async stranger => {
    await stranger.query('begin')
    await stranger.query("select 1 from memory_store where key = 'held' for update")
    await expect(memory.store('held', 2)).rejects.toMatchObject(busy)
    await memory.store('key', 'free')
    await stranger.query('rollback')
  }, url)
})

it('leaves a call that has waited only the rest of its time for the locks of its transaction', () => {
  const fresh = new Wait(60_000)
  expect(fresh.begin).toBe('begin')
  fresh.countFrom(performance.now() - 50_000)
  const [, limit] = /^begin; set local lock_timeout=(\d+)$/.exec(fresh.begin) ?? []
  expect(Number(limit)).toBeGreaterThan(0)
  expect(Number(limit)).toBeLessThanOrEqual(10_000)
})
