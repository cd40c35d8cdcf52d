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
