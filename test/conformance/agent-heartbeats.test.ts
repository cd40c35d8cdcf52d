import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const coder = { id: 'coder-1', type: 'coder' }

/** The ids of all agents that match, in the order listed. */
async function ids(memory: Memory, filter: Parameters<Memory['agents']['list']>[0]): Promise<string[]> {
  return (await memory.agents.list(filter)).items.map(agent => agent.id)
}

conform('agent heartbeats', open => {
  it('takes an agent for gone when its ttl has passed without a sign of life, and no sooner', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    const alive = async () => (await memory.agents.get('coder-1'))?.alive
    clock.advance(9_999)
    expect(await alive()).toBe(true)
    await memory.agents.heartbeat('coder-1')
    clock.advance(9_999)
    expect(await alive()).toBe(true)
    clock.advance(1)
    expect(await alive()).toBe(false)
    expect(await ids(memory, { alive: true })).toEqual([])
    expect(await ids(memory, { alive: false })).toEqual(['coder-1'])
    const back = await memory.agents.heartbeat('coder-1')
    expect(back).toMatchObject({ alive: true, lastActive: new Date(clock.now()) })
  })

  it('is not fooled by a wall clock that is set, but knows that a reboot ended everything', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    clock.setWall(clock.now() + 86_400_000)
    expect(await ids(memory, { alive: true })).toEqual(['coder-1'])
    clock.advance(10_000)
    clock.setWall(0)
    expect(await ids(memory, { alive: true })).toEqual([])
    await memory.agents.heartbeat('coder-1')
    clock.reboot()
    expect(await ids(memory, { alive: true })).toEqual([])
  })

  it('never takes an agent without a ttl for gone', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    await memory.storeAgentMemory('unknown', 'k', 1)
    clock.advance(1e12)
    clock.reboot()
    expect(await ids(memory, { alive: true })).toEqual(['coder-1', 'unknown'])
    expect(await memory.agents.releaseLapsed()).toEqual([])
  })

  it('refuses the heartbeat of an agent that is absent, or was registered anew since', async () => {
    const memory = await open()
    await expect(memory.agents.heartbeat('coder-1')).rejects.toMatchObject({ code: 'not_found' })
    const { incarnation } = await memory.registerAgent(coder)
    expect(await memory.agents.heartbeat('coder-1', { incarnation })).toMatchObject({ incarnation })
    const next = await memory.registerAgent(coder)
    await expect(memory.agents.heartbeat('coder-1', { incarnation })).rejects.toMatchObject({
      code: 'stale_token',
      details: { id: 'coder-1', incarnation: next.incarnation },
    })
  })

  it('takes what an agent writes through its own handle for a sign of life, and what it reads for none', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    const own = memory.as('coder-1')
    const writes = [
      () => own.store('k', 1),
      () => own.transaction(tx => tx.store('k', 2)),
      () => own.storeAgentMemory('coder-1', 'k', 3),
      () => own.execute("update sessions set data = 'x'"),
    ]
    for (const write of writes) {
      clock.advance(9_000)
      await write()
      expect(await memory.agents.get('coder-1')).toMatchObject({
        alive: true,
        lastActive: new Date(clock.now()),
      })
    }
    clock.advance(9_000)
    await own.retrieve('k')
    await own.query('select 1')
    clock.advance(1_000)
    expect(await memory.agents.get('coder-1')).toMatchObject({ alive: false })
  })

  it('notes the writes of an agent once a second, or three times per ttl when that is more often', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    await memory.registerAgent({ id: 'hasty', type: 'coder', ttl: 0.3 })
    const noted = async (id: string, afterMs: number) => {
      clock.advance(afterMs)
      await memory.as(id).store('k', afterMs)
      return (await memory.agents.get(id))?.lastActive.getTime() === clock.now()
    }
    expect(await noted('coder-1', 1)).toBe(true)
    expect(await noted('coder-1', 999)).toBe(false)
    expect(await noted('coder-1', 1)).toBe(true)
    expect(await noted('hasty', 1)).toBe(true)
    expect(await noted('hasty', 99)).toBe(false)
    expect(await noted('hasty', 1)).toBe(true)
  })

  it('lets those act who never registered, without an entry for them', async () => {
    const memory = await open()
    await memory.as('nobody').store('k', 1)
    await memory.as('nobody').transaction(tx => tx.store('k', 2))
    expect(await memory.retrieve('k')).toBe(2)
    expect(await ids(memory, {})).toEqual([])
  })

  it('takes the next write for a sign of life when the last was undone', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    clock.advance(60_000)
    const undone = memory.as('coder-1').transaction(async () => {
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    await memory.as('coder-1').store('k', 1)
    expect((await memory.agents.get('coder-1'))?.lastActive).toEqual(new Date(clock.now()))
  })
})
