import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const minuteMs = 60_000
/** Of a holder that renews it: it keeps it though the machine stands still for three seconds. */
const renewedMs = 6_000
const dayMs = 86_400_000

conform('locks', open => {
  it('takes the wish for a lock for a sign of life of whoever it is for', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.agents.register({ id: 'coder', type: 'coder', ttl: 60 })
    clock.advance(59_000)
    await memory.locks.acquire('l', { owner: 'coder' })
    clock.advance(59_000)
    expect(await memory.agents.get('coder')).toMatchObject({ alive: true })
  })

  it('gives a free lock to one, and tells others who holds it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lock = await memory.locks.acquire('deploy', { owner: 'a' })
    const leaseUntil = new Date(clock.now() + 30_000)
    expect(lock).toEqual({ name: 'deploy', owner: 'a', token: 1, leaseMs: 30_000, leaseUntil })
    clock.advance(10_000)
    await expect(memory.locks.acquire('deploy', { owner: 'b' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"a"'),
      details: { name: 'deploy', owner: 'a', token: 1, remainingMs: 20_000 },
    })
    await expect(memory.locks.acquire('deploy', { owner: 'a' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.locks.acquire('other', { owner: 'b' })).toMatchObject({ owner: 'b' })
  })

  it('raises the token with every holder, across releases and lapses', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const tokens: number[] = []
    for (let round = 0; round < 6; round++) {
      const lock = await memory.locks.acquire('deploy')
      tokens.push(lock.token)
      if (round % 2 === 0) await memory.locks.release(lock)
      else clock.advance(lock.leaseMs)
    }
    expect(tokens).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('never issues a token up to the floor that a restore or a deleted row leaves', async () => {
    const memory = await open()
    await memory.locks.release(await memory.locks.acquire('old'))
    await memory.execute("update hivewax_counters set value = 41 where name = 'floor'")
    expect((await memory.locks.acquire('new')).token).toBe(42)
    expect((await memory.locks.acquire('old')).token).toBe(42)
  })

  it('shows the locks that are held, and no other', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const acquiredAt = new Date(clock.now())
    for (const name of ['c', 'a', 'b']) await memory.locks.acquire(name, { owner: name, leaseMs: 100 })
    await memory.locks.release({ name: 'b', token: 1 })
    clock.advance(40)
    expect(await memory.locks.get('a')).toEqual({
      name: 'a',
      owner: 'a',
      token: 1,
      acquiredAt,
      remainingMs: 60,
    })
    expect(await memory.locks.get('b')).toBeUndefined()
    expect(await memory.locks.get('absent')).toBeUndefined()
    const first = await memory.locks.list({ limit: 1 })
    expect(first.items.map(lock => lock.name)).toEqual(['a'])
    const rest = await memory.locks.list({ cursor: first.cursor })
    expect(rest).toMatchObject({ items: [{ name: 'c' }], cursor: undefined })
    clock.advance(60)
    expect((await memory.locks.list()).items).toEqual([])
  })

  it('keeps a lock for as long as it is renewed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lock = await memory.locks.acquire('deploy', { owner: 'a', leaseMs: 100 })
    for (let round = 0; round < 5; round++) {
      clock.advance(99)
      const leaseUntil = new Date(clock.now() + 100)
      expect(await memory.locks.renew({ ...lock, leaseMs: 100 })).toEqual({ ...lock, leaseUntil })
    }
    await expect(memory.locks.acquire('deploy')).rejects.toMatchObject({ code: 'conflict' })
    clock.advance(100)
    await memory.locks.acquire('deploy', { owner: 'b' })
    await expect(memory.locks.renew(lock)).rejects.toMatchObject({
      code: 'stale_token',
      details: { name: 'deploy', token: 1 },
    })
  })

  it('refuses a former holder everything, under the same name too', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const former = await memory.locks.acquire('deploy', { owner: 'a', leaseMs: 100 })
    clock.advance(100)
    const current = await memory.locks.acquire('deploy', { owner: 'a' })
    await expect(memory.locks.renew(former)).rejects.toMatchObject({ code: 'stale_token' })
    await expect(memory.locks.release(former)).rejects.toMatchObject({ code: 'stale_token' })
    expect(await memory.locks.check(former)).toBe(false)
    expect(await memory.locks.check(current)).toBe(true)
    expect(await memory.locks.get('deploy')).toMatchObject({ token: current.token })
  })

  it('tells a second release, and a token that was never given, from the first', async () => {
    const memory = await open()
    const lock = await memory.locks.acquire('deploy')
    expect(await memory.locks.release(lock)).toBe(true)
    expect(await memory.locks.release(lock)).toBe(false)
    expect(await memory.locks.release({ name: 'absent', token: 1 })).toBe(false)
    await expect(memory.locks.release({ name: 'deploy', token: 7 })).rejects.toMatchObject({
      code: 'stale_token',
    })
    await expect(memory.locks.renew(lock)).rejects.toMatchObject({ code: 'stale_token' })
  })

  it('lapses by the lease clock alone: a wall clock set a day either way changes nothing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lock = await memory.locks.acquire('deploy', { leaseMs: minuteMs })
    for (const jump of [dayMs, -2 * dayMs]) {
      clock.setWall(clock.now() + jump)
      expect(await memory.locks.check(lock)).toBe(true)
      await expect(memory.locks.acquire('deploy')).rejects.toMatchObject({ code: 'conflict' })
    }
    clock.advance(minuteMs)
    expect(await memory.locks.check(lock)).toBe(false)
    expect((await memory.locks.acquire('deploy')).token).toBe(2)
  })

  it('is free after a restart of the machine, whatever the clock then says', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lock = await memory.locks.acquire('deploy', { leaseMs: dayMs })
    clock.reboot()
    expect(await memory.locks.check(lock)).toBe(false)
    expect(await memory.locks.get('deploy')).toBeUndefined()
    expect((await memory.locks.acquire('deploy')).token).toBe(2)
  })

  it('keeps others waiting for the delay after a lapse, and not after a release', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const dead = await memory.locks.acquire('deploy', { leaseMs: 100, delayMs: 50 })
    clock.advance(149)
    expect(await memory.locks.get('deploy')).toBeUndefined()
    await expect(memory.locks.acquire('deploy')).rejects.toMatchObject({ details: { remainingMs: 1 } })
    clock.advance(1)
    const next = await memory.locks.acquire('deploy', { leaseMs: 100, delayMs: 50 })
    expect(next.token).toBe(dead.token + 1)
    await memory.locks.release(next)
    expect((await memory.locks.acquire('deploy')).token).toBe(next.token + 1)
  })

  it('waits for a lock that is released meanwhile', async () => {
    const memory = await open()
    const first = await memory.locks.acquire('deploy', { owner: 'a' })
    const second = memory.locks.acquire('deploy', { owner: 'b', waitMs: 60_000 })
    await nextTurn()
    await memory.locks.release(first)
    expect(await second).toMatchObject({ owner: 'b', token: 2 })
  })

  it('gives up waiting after waitMs', async () => {
    const memory = await open()
    await memory.locks.acquire('deploy', { owner: 'a' })
    await expect(memory.locks.acquire('deploy', { waitMs: 20 })).rejects.toMatchObject({
      code: 'conflict',
      details: { owner: 'a' },
    })
  })

  it('names the agent of the handle as the owner, else this process', async () => {
    const memory = await open()
    expect((await memory.as('coder-1').locks.acquire('a')).owner).toBe('coder-1')
    const { owner } = await memory.locks.acquire('b')
    expect((await memory.locks.acquire('c')).owner).toBe(owner)
    expect(owner).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('guards writes of a transaction by the token', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const former = await memory.locks.acquire('ledger', { leaseMs: 100 })
    clock.advance(100)
    const current = await memory.locks.acquire('ledger')
    const write = (lock: typeof former, value: string) =>
      memory.transaction(async tx => {
        if (await tx.locks.check(lock)) await tx.store('ledger', value)
      })
    await write(current, 'current')
    await write(former, 'former')
    expect(await memory.retrieve('ledger')).toBe('current')
  })

  it('runs a function while holding a lock, and releases it whatever happens', async () => {
    const memory = await open()
    const result = await memory.locks.withLock('deploy', async ({ token, owner, signal }) => {
      expect(await memory.locks.get('deploy')).toMatchObject({ token, owner })
      expect(signal.aborted).toBe(false)
      return 'done'
    })
    expect(result).toBe('done')
    expect(await memory.locks.get('deploy')).toBeUndefined()
    const failing = memory.locks.withLock('deploy', () => {
      throw new Error('mine')
    })
    await expect(failing).rejects.toThrow('mine')
    expect(await memory.locks.get('deploy')).toBeUndefined()
  })

  it('lets one function in at a time', async () => {
    const memory = await open()
    let inside = 0
    let most = 0
    const once = () =>
      memory.locks.withLock(
        'deploy',
        async () => {
          most = Math.max(most, ++inside)
          await nextTurn()
          inside--
        },
        { waitMs: 60_000 },
      )
    await Promise.all(Array.from({ length: 8 }, once))
    expect(most).toBe(1)
  })

  it('renews the lease while the function runs', async () => {
    const memory = await open()
    await memory.locks.withLock(
      'deploy',
      async ({ signal }) => {
        const seen = new Set<number>()
        // Each renewal makes more of the lease remain than did at the look before.
        for (let last = 0, rises = 0; rises < 3; await nextTurn()) {
          const remaining = (await memory.locks.get('deploy'))?.remainingMs ?? 0
          if (remaining > last) rises++
          seen.add(remaining)
          last = remaining
        }
        expect(seen.size).toBeGreaterThan(2)
        expect(signal.aborted).toBe(false)
      },
      { leaseMs: renewedMs },
    )
  })

  it('tells the function when the lock is lost, and its caller too', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lost = memory.locks.withLock(
      'deploy',
      async ({ signal, token }) => {
        clock.advance(renewedMs)
        const thief = await memory.locks.acquire('deploy', { owner: 'thief' })
        expect(thief.token).toBe(token + 1)
        if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
        expect(signal.reason).toMatchObject({ code: 'stale_token' })
      },
      { leaseMs: renewedMs },
    )
    await expect(lost).rejects.toMatchObject({ code: 'stale_token' })
    expect(await memory.locks.get('deploy')).toMatchObject({ owner: 'thief' })
  })

  it('aborts the function when renewals fail', async () => {
    const memory = await open()
    const held = memory.locks.withLock(
      'deploy',
      async ({ signal }) => {
        const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
        await memory.close()
        await aborted
        expect(signal.reason).toMatchObject({ code: 'closed' })
      },
      { leaseMs: renewedMs },
    )
    await expect(held).rejects.toMatchObject({ code: 'closed' })
  })

  it('refuses bad input', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    await expect(memory.locks.acquire('')).rejects.toMatchObject(bad)
    await expect(memory.locks.acquire('a', { owner: '\ud800' })).rejects.toMatchObject(bad)
    for (const leaseMs of [0, -1, 1.5, Number.NaN, 86_400_001]) {
      await expect(memory.locks.acquire('a', { leaseMs })).rejects.toMatchObject(bad)
    }
    await expect(memory.locks.acquire('a', { waitMs: -1 })).rejects.toMatchObject(bad)
    await expect(memory.locks.acquire('a', { delayMs: -1 })).rejects.toMatchObject(bad)
    await expect(memory.locks.renew({ name: 'a', token: 1.5 })).rejects.toMatchObject(bad)
    expect((await memory.locks.list()).items).toEqual([])
  })
})
