import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const dayMs = 86_400_000

/** What all leases have in common, whoever gives them. */
conform('leases', open => {
  it('ends every lease with a restart of the machine that only the monotonic clock tells of', async () => {
    const clock = new TestClock()
    clock.advance(10 * dayMs)
    const memory = await open({ clock })
    await memory.registerAgent({ id: 'a', type: 'coder', ttl: 10 })
    const lock = await memory.locks.acquire('lock', { leaseMs: dayMs, delayMs: dayMs })
    await memory.shared.grantLease({ id: 'lease', ttlMs: dayMs })
    await memory.shared.update('bound', 1, { lease: 'lease' })
    await memory.tasks.create({ id: 'task', description: 'build' })
    const claimed = await memory.tasks.claim({ agentId: 'a', leaseMs: dayMs })
    expect(claimed).toMatchObject([{ id: 'task' }])
    const consume = (consumer: string) =>
      memory.events.subscribe({ group: 'g', since: 0, leaseMs: dayMs, consumer })[Symbol.asyncIterator]()
    const [first, second] = [consume('first'), consume('second')]
    expect((await first.next()).value).toMatchObject({ id: 1 })
    const finish = Promise.withResolvers<string>()
    const run = memory.workflows.run('w', wf => wf.step('s', () => finish.promise), { leaseMs: dayMs })
    const owner = async () => (await memory.workflows.getRun('w'))?.owner
    await expect.poll(owner).toBeDefined()

    clock.setMonotonic(0)
    expect(await memory.agents.list({ alive: true })).toMatchObject({ items: [] })
    expect(await memory.locks.check(lock)).toBe(false)
    expect(await memory.locks.get('lock')).toBeUndefined()
    expect((await memory.locks.list()).items).toEqual([])
    expect((await memory.locks.acquire('lock')).token).toBe(lock.token + 1)
    expect(await memory.shared.get('bound')).toBeUndefined()
    expect((await memory.shared.leases()).items).toEqual([])
    await memory.shared.removeLapsed()
    expect(await memory.query('select key from shared_state')).toEqual([])
    expect(await memory.tasks.claim({ agentId: 'b' })).toMatchObject([{ id: 'task', attempts: 2 }])
    expect((await memory.events.groups()).items).toMatchObject([{ consumer: undefined }])
    expect((await second.next()).value).toMatchObject({ id: 1 })
    await expect(first.next()).rejects.toMatchObject({ code: 'stale_token' })
    await second.return()
    expect(await owner()).toBeUndefined()
    finish.resolve('done')
    expect(await run).toBe('done')
  })

  it('counts a lease of full length that was given by one who looked at the clock a moment later', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    clock.advance(dayMs)
    await memory.registerAgent({ id: 'a', type: 'coder', ttl: 10 })
    await memory.locks.acquire('lock', { leaseMs: dayMs })
    await memory.shared.grantLease({ id: 'lease', ttlMs: dayMs })
    // As a statement sees it that was made before, and had to wait for its turn.
    clock.setMonotonic(clock.monotonicMs() - 30_000)
    expect((await memory.agents.list({ alive: true })).items).toMatchObject([{ id: 'a' }])
    await expect(memory.locks.acquire('lock')).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.shared.lease('lease')).toMatchObject({ id: 'lease' })
  })
})
