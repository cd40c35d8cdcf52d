import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const coder = { id: 'coder-1', type: 'coder' }

/** The ids of all agents that match, in the order listed. */
async function ids(memory: Memory, filter: Parameters<Memory['agents']['list']>[0]): Promise<string[]> {
  return (await memory.agents.list(filter)).items.map(agent => agent.id)
}

conform('agents', open => {
  it('registers an agent and tells all about it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const agent = await memory.registerAgent({
      ...coder,
      capabilities: ['javascript', 'python', 'testing'],
      swarmId: 'web-team',
      state: { task: null },
      metadata: 'note',
      ttl: 2.5,
    })
    expect(agent).toEqual({
      ...coder,
      capabilities: ['javascript', 'python', 'testing'],
      swarmId: 'web-team',
      state: { task: null },
      metadata: 'note',
      incarnation: 1,
      createdAt: new Date(clock.now()),
      lastActive: new Date(clock.now()),
      ttl: 2.5,
      alive: true,
    })
    expect(await memory.agents.get('coder-1')).toEqual(agent)
    expect(await memory.agents.get('absent')).toBeUndefined()
  })

  it('begins a new incarnation when an id registers again, which replaces the registration', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const first = await memory.registerAgent({
      ...coder,
      capabilities: ['a'],
      swarmId: 's',
      state: 1,
      ttl: 5,
    })
    await memory.storeAgentMemory('coder-1', 'k', 'kept')
    clock.advance(1000)
    const second = await memory.registerAgent({ id: 'coder-1', type: 'reviewer' })
    expect(second).toEqual({
      id: 'coder-1',
      type: 'reviewer',
      capabilities: [],
      swarmId: undefined,
      state: undefined,
      metadata: undefined,
      incarnation: first.incarnation + 1,
      createdAt: first.createdAt,
      lastActive: new Date(clock.now()),
      ttl: undefined,
      alive: true,
    })
    expect(await memory.agents.retrieveMemory('coder-1', 'k')).toBe('kept')
  })

  it('never uses an incarnation twice, not even after a delete or for registrations at the same time', async () => {
    const memory = await open()
    const seen: number[] = []
    for (let round = 0; round < 3; round++) {
      const registered = await Promise.all(Array.from({ length: 10 }, () => memory.registerAgent(coder)))
      seen.push(...registered.map(agent => agent.incarnation))
      await memory.agents.delete('coder-1')
    }
    expect(new Set(seen).size).toBe(30)
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  })

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

  it('lists agents by id, by swarm, type and exact capability, page by page', async () => {
    const memory = await open()
    // The JSON of the lists holds '","' between the members, and '"b"' inside the text of another member.
    const lists = { a: ['js', 'ts'], b: ['a"b"c', 'a,'], c: [','], d: ['b'], e: [] }
    for (const [id, capabilities] of Object.entries(lists)) {
      await memory.registerAgent({
        id,
        type: id < 'c' ? 'x' : 'y',
        capabilities,
        swarmId: id < 'd' ? 's' : 't',
      })
    }
    expect(await ids(memory, { capabilities: ['ts'] })).toEqual(['a'])
    expect(await ids(memory, { capabilities: ['TS'] })).toEqual([])
    expect(await ids(memory, { capabilities: [','] })).toEqual(['c'])
    expect(await ids(memory, { capabilities: ['b'] })).toEqual(['d'])
    // Only those who can do all of it.
    expect(await ids(memory, { capabilities: ['js', 'ts'] })).toEqual(['a'])
    expect(await ids(memory, { capabilities: ['js', 'b'] })).toEqual([])
    expect(await ids(memory, { capabilities: [], swarmId: 't' })).toEqual(['d', 'e'])
    expect(await ids(memory, { swarmId: 's', type: 'y' })).toEqual(['c'])
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.agents.list({ limit: 2, cursor })
      seen.push(...page.items.map(agent => agent.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('updates what is passed and leaves the rest', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const agent = await memory.registerAgent({
      ...coder,
      capabilities: ['a'],
      state: 'idle',
      metadata: { m: 1 },
    })
    clock.advance(5)
    expect(await memory.agents.update('coder-1', { state: { busy: true } })).toEqual({
      ...agent,
      state: { busy: true },
    })
    expect(await memory.agents.update('coder-1', { capabilities: ['b', 'b'], metadata: null })).toEqual({
      ...agent,
      state: { busy: true },
      capabilities: ['b'],
      metadata: null,
    })
    await expect(memory.agents.update('absent', {})).rejects.toMatchObject({ code: 'not_found' })
  })

  it('refuses registrations that say nothing, and the type that is kept for the unregistered', async () => {
    const memory = await open()
    const bad = [
      { id: '', type: 'coder' },
      { id: 'a', type: '' },
      { id: 'a', type: 'unregistered' },
      { id: 'a', type: 'coder', ttl: 0 },
      { id: 'a', type: 'coder', capabilities: 'js' as unknown as string[] },
      { id: 'a', type: 'coder', swarmId: 'bad\0' },
      { id: 'a', type: 'coder', state: Number.NaN },
    ]
    for (const agent of bad) {
      await expect(memory.registerAgent(agent)).rejects.toMatchObject({ code: 'invalid_input' })
    }
    expect(await ids(memory, {})).toEqual([])
  })

  it('keeps the memory of each agent to itself', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    await memory.storeAgentMemory('coder-1', 'reviews', [{ file: 'login.ts', ok: true }])
    await memory.storeAgentMemory('tester-1', 'reviews', 'other')
    const createdAt = new Date(clock.now())
    clock.advance(1000)
    await memory.updateAgentMemory('coder-1', 'reviews', null)
    expect(await memory.agents.retrieveMemory('coder-1', 'reviews')).toBeNull()
    expect(await memory.agents.retrieveMemory('tester-1', 'reviews')).toBe('other')
    expect(await memory.agents.retrieveMemory('coder-1', 'absent')).toBeUndefined()
    expect((await memory.agents.listMemory('coder-1')).items).toEqual([
      {
        agentId: 'coder-1',
        key: 'reviews',
        value: null,
        createdAt,
        updatedAt: new Date(clock.now()),
        author: expect.anything(),
      },
    ])
    expect(await memory.agents.deleteMemory('coder-1', 'reviews')).toBe(true)
    expect(await memory.agents.deleteMemory('coder-1', 'reviews')).toBe(false)
    expect(await memory.agents.retrieveMemory('tester-1', 'reviews')).toBe('other')
  })

  it('lists memory by key and glob, page by page', async () => {
    const memory = await open()
    for (const key of ['b', 'task_2', 'task_1', 'taskX', 'a']) await memory.storeAgentMemory('a', key, key)
    await memory.storeAgentMemory('b', 'task_3', 1)
    const keys = async (glob?: string) =>
      (await memory.agents.listMemory('a', { glob })).items.map(({ key }) => key)
    expect(await keys()).toEqual(['a', 'b', 'taskX', 'task_1', 'task_2'])
    expect(await keys('task_*')).toEqual(['task_1', 'task_2'])
    const first = await memory.agents.listMemory('a', { glob: 'task*', limit: 2 })
    const second = await memory.agents.listMemory('a', { glob: 'task*', limit: 2, cursor: first.cursor })
    expect([...first.items, ...second.items].map(({ key }) => key)).toEqual(['taskX', 'task_1', 'task_2'])
    expect(second.cursor).toBeUndefined()
    expect(await memory.agents.listMemory('nobody')).toEqual({ items: [], cursor: undefined })
  })

  it('gives an agent that nobody registered one entry, however many keys come at once', async () => {
    const memory = await open()
    const numbers = Array.from({ length: 30 }, (_, i) => i)
    await Promise.all(numbers.map(i => memory.storeAgentMemory('agent-9', `k${i}`, i)))
    expect(await memory.agents.list()).toMatchObject({ items: [{ id: 'agent-9', type: 'unregistered' }] })
    expect((await memory.agents.listMemory('agent-9')).items).toHaveLength(30)
    const { incarnation } = (await memory.agents.get('agent-9'))!
    const agent = await memory.registerAgent({ id: 'agent-9', type: 'coder' })
    expect(agent.incarnation).toBeGreaterThan(incarnation)
    expect(await memory.agents.retrieveMemory('agent-9', 'k7')).toBe(7)
  })

  it('makes no entry for an agent whose value is refused, or whose transaction is undone', async () => {
    const memory = await open()
    await expect(memory.storeAgentMemory('a', 'k', undefined)).rejects.toMatchObject({
      code: 'invalid_input',
    })
    const undone = memory.transaction(async tx => {
      await tx.updateAgentMemory('a', 'k', 1)
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await ids(memory, {})).toEqual([])
  })

  it('deletes an agent that holds nothing, and one that does only when told to', async () => {
    const memory = await open()
    expect(await memory.agents.delete('coder-1')).toBe(false)
    await memory.registerAgent(coder)
    expect(await memory.agents.delete('coder-1')).toBe(true)
    await memory.storeAgentMemory('coder-1', 'k', 1)
    await expect(memory.agents.delete('coder-1')).rejects.toMatchObject({
      code: 'conflict',
      details: { agentId: 'coder-1', memory: 1, tasks: 0, locks: 0 },
    })
    expect(await memory.agents.retrieveMemory('coder-1', 'k')).toBe(1)
    expect(await memory.agents.delete('coder-1', { cascade: true })).toBe(true)
    expect(await memory.agents.get('coder-1')).toBeUndefined()
    expect(await memory.agents.retrieveMemory('coder-1', 'k')).toBeUndefined()
  })

  it('deletes an agent that is at work only when told to, and then lets others take over', async () => {
    const memory = await open()
    await memory.registerAgent(coder)
    const { id } = await memory.tasks.create({ description: 'work' })
    await memory.tasks.claim({ agentId: 'coder-1', leaseMs: 3_600_000 })
    await memory.locks.acquire('deploy', { owner: 'coder-1', leaseMs: 3_600_000 })
    await expect(memory.agents.delete('coder-1')).rejects.toMatchObject({
      code: 'conflict',
      details: { agentId: 'coder-1', memory: 0, tasks: 1, locks: 1 },
    })
    expect(await memory.tasks.claim({ agentId: 'other' })).toEqual([])
    expect(await memory.agents.delete('coder-1', { cascade: true })).toBe(true)
    expect(await memory.tasks.claim({ agentId: 'other' })).toMatchObject([{ id }])
    await memory.locks.acquire('deploy', { owner: 'other' })
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

  it('reads agents that somebody inserted in SQL', async () => {
    const memory = await open()
    await memory.execute(
      "insert into agents (id, type, capabilities, state) values ('a', 'coder', 'js, python', 'idle')",
    )
    await memory.execute("insert into agents (id, type, capabilities) values ('b', 'coder', '[\"js\", 1]')")
    expect(await memory.agents.get('a')).toMatchObject({ capabilities: [], state: 'idle', alive: true })
    expect(await memory.agents.get('b')).toMatchObject({ capabilities: ['js'], state: undefined })
    expect(await ids(memory, { capabilities: ['js'] })).toEqual(['b'])
  })

  it('tells who holds what, or held it last', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const ann = memory.as('ann')
    const kinds = ['task', 'lock', 'lease', 'group', 'run', 'vote'] as const
    const who = async () => {
      const holders = await memory.agents.holders(kinds.map(kind => ({ kind, name: 'x' })))
      return Object.fromEntries(
        holders.map(({ kind, owner, isHeld, token }) => [kind, { owner, isHeld, token }]),
      )
    }
    expect(await who()).toEqual({})
    await ann.tasks.create({ id: 'x', description: 'd' })
    await ann.events.seek('x', 0)
    await ann.workflows.start('t', { id: 'x' })
    const nobody = { owner: undefined, isHeld: false }
    expect(await who()).toMatchObject({ task: nobody, group: nobody, run: nobody })
    const [task] = await ann.tasks.claim()
    const lock = await ann.locks.acquire('x')
    await ann.shared.grantLease({ id: 'x', ttlMs: 60_000 })
    await ann.consensus.propose('x', { value: 1, voters: ['ann', 'bob'], deadline: '1h' })
    const held = { owner: 'ann', isHeld: true }
    expect(await who()).toMatchObject({
      task: { ...held, token: task?.token },
      lock: { ...held, token: lock.token },
      lease: { ...held, token: 0 },
      vote: { ...held, token: 0 },
    })
    await ann.locks.release(lock)
    await ann.consensus.reject('x', { voter: 'bob' })
    expect(await who()).toMatchObject({ lock: { isHeld: false, token: lock.token }, vote: { isHeld: false } })
    await expect(memory.agents.holders([{ kind: 'key' as 'lock', name: 'x' }])).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })
})
