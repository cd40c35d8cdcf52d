import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import '../support/on-disk.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { startRemote, until } from '../support/remote.ts'
import { claimOne } from '../support/tasks.ts'

const dayMs = 86_400_000
const stale = { code: 'stale_token' }

/** What a machine does to its wall clock, jump after jump. */
const jumps = {
  'a day forward': [dayMs],
  'a day back': [-dayMs],
  'there and back': [dayMs, -2 * dayMs, dayMs],
}

async function holdAll(memory: Memory) {
  await memory.agents.register({ id: 'holder', type: 'worker', ttl: 10 })
  await memory.tasks.create({ id: 'task', description: 'held' })
  const task = await claimOne(memory, { agentId: 'holder', leaseMs: 10_000 })
  const lock = await memory.locks.acquire('lock', { owner: 'holder', leaseMs: 10_000 })
  return { task, lock }
}

describe('a wall clock that is set', () => {
  for (const [name, steps] of Object.entries(jumps)) {
    it(`${name} neither ends nor revives a lease: tasks, locks, agents`, async () => {
      const clock = new TestClock()
      const memory = await openScratch({ clock })
      const { task, lock } = await holdAll(memory)
      clock.advance(9_999)
      for (const step of steps) {
        clock.setWall(clock.now() + step)
        expect(await memory.tasks.claim({ agentId: 'other' })).toEqual([])
        await expect(memory.locks.acquire('lock', { owner: 'other' })).rejects.toMatchObject({
          code: 'conflict',
        })
        expect(await memory.locks.check(lock)).toBe(true)
        expect(await memory.agents.get('holder')).toMatchObject({ alive: true })
      }
      expect(await memory.agents.releaseLapsed()).toEqual([])

      clock.advance(1)
      expect(await memory.agents.get('holder')).toMatchObject({ alive: false })
      expect(await memory.locks.check(lock)).toBe(false)
      const taken = await claimOne(memory, { agentId: 'other' })
      const locked = await memory.locks.acquire('lock', { owner: 'other' })
      for (const step of steps) {
        clock.setWall(clock.now() - step)
        await expect(memory.tasks.complete({ ...task, result: 'late' })).rejects.toMatchObject(stale)
        await expect(memory.locks.renew(lock)).rejects.toMatchObject(stale)
        expect(await memory.locks.check(lock)).toBe(false)
        expect(await memory.locks.check(locked)).toBe(true)
      }
      await memory.tasks.complete(taken)
    })
  }

  it('takes the times to live of records and sessions with it', async () => {
    const clock = new TestClock()
    const memory = await openScratch({ clock })
    await memory.store('short', 1, { ttl: 3_600 })
    await memory.store('long', 1, { ttl: 2 * 86_400 })
    await memory.createSession({ a: 1 }, { id: 's', ttl: 3_600 })
    const live = async () => [
      await memory.retrieve('short'),
      await memory.retrieve('long'),
      (await memory.sessions.get('s'))?.data,
      (await memory.search('*')).length,
    ]
    expect(await live()).toEqual([1, 1, { a: 1 }, 2])
    clock.setWall(clock.now() + dayMs)
    expect(await live()).toEqual([undefined, 1, undefined, 1])
    // Nobody has removed them: by the clock as it is now they have not expired.
    clock.setWall(clock.now() - 2 * dayMs)
    expect(await live()).toEqual([1, 1, { a: 1 }, 2])
  })
})

describe('processes whose wall clocks are days apart', () => {
  it('agree on who holds what, and each lets records expire by its own', async () => {
    const file = scratchFile()
    const memory = await openScratch({}, file)
    await memory.agents.register({ id: 'holder', type: 'worker', ttl: 3_600 })
    await memory.tasks.create({ id: 'task', description: 'held' })
    const task = await claimOne(memory, { agentId: 'holder', leaseMs: 3_600_000 })
    const lock = await memory.locks.acquire('lock', { owner: 'holder', leaseMs: 3_600_000 })
    await memory.store('key', 1, { ttl: 3_600 })
    await memory.createSession(1, { id: 'session', ttl: 3_600 })
    for (const [offsetMs, value] of [
      [dayMs, undefined],
      [-dayMs, 1],
    ] as const) {
      const other = startRemote(file, 'other', offsetMs)
      expect(await other.call('tasks.claim')).toEqual([])
      await expect(other.call('locks.acquire', 'lock')).rejects.toMatchObject({ code: 'conflict' })
      expect(await other.call('agents.get', 'holder')).toMatchObject({ alive: true })
      expect(await other.call('agents.releaseLapsed')).toEqual([])
      expect(await other.call('retrieve', 'key')).toEqual(value)
      expect((await other.call('sessions.get', 'session'))?.data).toEqual(value)
    }
    expect(await memory.locks.check(lock)).toBe(true)
    expect(await memory.tasks.complete(task)).toMatchObject({ status: 'completed' })
  })

  for (const [name, offsetMs] of [
    ['ahead', dayMs],
    ['behind', -dayMs],
  ] as const) {
    it(`keep a stopped one, a day ${name}, from acting on what it has lost`, async () => {
      const file = scratchFile()
      const memory = await openScratch({}, file)
      await memory.agents.register({ id: 'zombie', type: 'worker', ttl: 0.2 })
      await memory.tasks.create({ id: 'task', description: 'held' })
      const zombie = startRemote(file, 'zombie', offsetMs)
      const lock = await zombie.call('locks.acquire', 'lock', { leaseMs: 200 })
      const [task] = await zombie.call('tasks.claim', { leaseMs: 200 })
      zombie.child.process.kill('SIGSTOP')
      const other = startRemote(file, 'other', -offsetMs)
      const [taken] = await until(
        () => other.call('tasks.claim', { leaseMs: 3_600_000 }),
        tasks => tasks.length > 0,
      )
      const locked = await other.call('locks.acquire', 'lock', { leaseMs: 3_600_000, waitMs: 30_000 })
      const lapsed = await until(
        () => memory.agents.get('zombie'),
        agent => agent?.alive === false,
      )
      expect(lapsed).toMatchObject({ id: 'zombie' })
      expect(taken.token).toBeGreaterThan(task.token)
      expect(locked.token).toBeGreaterThan(lock.token)

      zombie.child.process.kill('SIGCONT')
      await expect(zombie.call('tasks.complete', { ...task, result: 'late' })).rejects.toMatchObject(stale)
      await expect(zombie.call('tasks.heartbeat', task)).rejects.toMatchObject(stale)
      await expect(zombie.call('locks.renew', lock)).rejects.toMatchObject(stale)
      await expect(zombie.call('locks.release', lock)).rejects.toMatchObject(stale)
      expect(await zombie.call('locks.check', lock)).toBe(false)
      expect(await other.call('locks.check', locked)).toBe(true)
      expect(await other.call('tasks.complete', { ...taken, result: 'mine' })).toMatchObject({
        status: 'completed',
      })
      expect(await memory.tasks.get('task')).toMatchObject({ assignedTo: 'other', result: 'mine' })
    })
  }
})
