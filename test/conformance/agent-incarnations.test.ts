import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const coder = { id: 'coder-1', type: 'coder' }
const stale = { code: 'stale_token' }

/** Everything that a handle can write, by name. None of it may come through from a process of the past. */
const writes: Record<string, (own: Memory, held: Held) => Promise<unknown>> = {
  store: own => own.store('late', 1),
  transaction: own => own.transaction(tx => tx.store('late', 1)),
  'a transaction that only reads': own => own.transaction(tx => tx.retrieve('k')),
  execute: own => own.execute("insert into sessions (id, data) values ('late', '{}')"),
  'agent memory': own => own.storeAgentMemory('coder-1', 'late', 1),
  heartbeat: own => own.agents.heartbeat('coder-1'),
  register: own => own.registerAgent(coder),
  update: own => own.agents.update('coder-1', { state: 'late' }),
  delete: own => own.agents.delete('coder-1', { cascade: true }),
  claim: own => own.tasks.claim(),
  'heartbeat of a task': (own, { task }) => own.tasks.heartbeat(task),
  complete: (own, { task }) => own.tasks.complete(task),
  'acquire a lock': own => own.locks.acquire('late'),
  'renew a lock': (own, { lock }) => own.locks.renew(lock),
  'log an event': own => own.logEvent('late'),
}

interface Held {
  task: { id: string; token: number }
  lock: { name: string; token: number }
}

async function holdSome(own: Memory): Promise<Held> {
  await own.tasks.create({ description: 'held' })
  await own.tasks.create({ description: 'free' })
  const [task] = await own.tasks.claim({ leaseMs: 3_600_000 })
  const lock = await own.locks.acquire('held', { leaseMs: 3_600_000 })
  return { task: { id: task!.id, token: task!.token }, lock }
}

/** All that anybody has stored, but for the events that come with a registration. */
async function contents(memory: Memory): Promise<unknown> {
  const tables = ['memory_store', 'sessions', 'agents', 'agent_memory', 'tasks', 'hivewax_locks', 'events']
  return Promise.all(tables.map(table => memory.query(`select * from ${table}`)))
}

conform('agent incarnations', open => {
  it('accepts whatever the present incarnation of an agent writes, its own end included', async () => {
    const memory = await open()
    const own = memory.as('coder-1', await memory.registerAgent(coder))
    const held = await holdSome(own)
    const { delete: remove, register, ...others } = writes
    for (const write of Object.values(others)) await write(own, held)
    await register!(own, held)
    const again = memory.as('coder-1', (await memory.agents.get('coder-1'))!)
    expect(await remove!(again, held)).toBe(true)
  })

  it('refuses each write of an old incarnation at once, and for good', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const old = await memory.registerAgent(coder)
    const held = await holdSome(memory.as('coder-1', old))
    const { incarnation } = await memory.registerAgent(coder)
    const before = await contents(memory)
    // A handle for each, since one that was refused once does not ask again.
    const late = Object.entries(writes).map(([name, write]) => ({
      name,
      write,
      own: memory.as('coder-1', old),
    }))
    for (const { name, write, own } of late) {
      const refusal = { ...stale, details: { id: 'coder-1', incarnation } }
      await expect(write(own, held), name).rejects.toMatchObject(refusal)
    }
    clock.advance(60_000)
    for (const { name, write, own } of late) await expect(write(own, held), name).rejects.toMatchObject(stale)
    expect(await contents(memory)).toEqual(before)
  })

  it('refuses all writes of an agent that was deleted, even after another one took its id', async () => {
    const memory = await open()
    const first = await memory.registerAgent(coder)
    const own = memory.as('coder-1', first)
    const other = memory.as('coder-1', first)
    await memory.agents.delete('coder-1')
    await expect(own.store('k', 1)).rejects.toMatchObject({ ...stale, details: { incarnation: null } })
    await memory.registerAgent(coder)
    await expect(own.store('k', 1)).rejects.toMatchObject(stale)
    await expect(other.store('k', 1)).rejects.toMatchObject(stale)
    expect(await memory.retrieve('k')).toBeUndefined()
  })

  it('never refuses reading, nor those who act as the id alone', async () => {
    const memory = await open()
    const own = memory.as('coder-1', await memory.registerAgent(coder))
    await own.store('k', 1)
    await memory.registerAgent(coder)
    await expect(own.store('k', 2)).rejects.toMatchObject(stale)
    expect(await own.retrieve('k')).toBe(1)
    expect(await own.query('select value from memory_store')).toEqual([{ value: '1' }])
    expect(await own.agents.get('coder-1')).toBeDefined()
    await own.as('coder-1').store('k', 3)
    await memory.agents.delete('coder-1')
    await memory.as('coder-1').store('k', 4)
    expect(await memory.retrieve('k')).toBe(4)
  })

  it('lets of many processes with one id only the last to register write', async () => {
    const memory = await open()
    const runs = await Promise.all(Array.from({ length: 20 }, () => memory.registerAgent(coder)))
    const last = Math.max(...runs.map(run => run.incarnation))
    const results = await Promise.allSettled(
      runs.map(run => memory.as('coder-1', run).logEvent('wrote', run.incarnation)),
    )
    expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
    expect((await memory.events.latest({ types: ['wrote'] }))?.data).toBe(last)
  })

  it('does not take the writes of an old incarnation for signs of life of the new one', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const own = memory.as('coder-1', await memory.registerAgent({ ...coder, ttl: 10 }))
    const { lastActive } = await memory.registerAgent({ ...coder, ttl: 10 })
    clock.advance(5_000)
    await expect(own.store('k', 1)).rejects.toMatchObject(stale)
    await expect(own.transaction(tx => tx.store('k', 1))).rejects.toMatchObject(stale)
    expect(await memory.agents.get('coder-1')).toMatchObject({ lastActive })
  })

  it('refuses incarnations that cannot be', async () => {
    const memory = await open()
    for (const incarnation of [-1, 1.5, Number.NaN])
      expect(() => memory.as('a', { incarnation })).toThrow('incarnation must be a whole number')
  })
})
