import { expect, it } from 'vitest'
import type { AgentChange } from '../../src/agents/agent-changes.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

const coder = { id: 'coder-1', type: 'coder' }

/** What an agent had to give back that held nothing. */
const nothing = {
  tasks: [],
  locks: [],
  reservations: [],
  leases: [],
  groups: [],
  workflows: [],
  topologies: [],
}

/** Gives an agent one of everything that can be held, for an hour. */
async function holdEverything(memory: Memory, owner: string): Promise<{ taskId: string }> {
  const { id } = await memory.tasks.create({ description: `work of ${owner}` })
  await memory.tasks.claim({ agentId: owner, leaseMs: 3_600_000 })
  await memory.locks.acquire(`lock of ${owner}`, { owner, leaseMs: 3_600_000 })
  await memory.events.commit(`group of ${owner}`, 1)
  await memory.saveWorkflowState(`workflow of ${owner}`, {}, { workflowType: 'w' })
  const lease = await memory.query(`select lease_until, lease_epoch from tasks where id = '${id}'`)
  const [{ lease_until, lease_epoch }] = lease as [{ lease_until: number; lease_epoch: string }]
  await memory.execute(
    `insert into hivewax_leases (id, owner, ttl_ms, lease_until, lease_epoch, granted_at)
     values ('lease of ${owner}', '${owner}', 3600000, ${lease_until}, '${lease_epoch}', '2026-01-01')`,
  )
  await memory.execute(
    `update hivewax_event_offsets set owner = '${owner}', lease_until = ${lease_until}, lease_epoch = '${lease_epoch}'
     where group_name = 'group of ${owner}'`,
  )
  await memory.execute(
    `insert into hivewax_workflow_runs
       (workflow_id, workflow_type, owner, lease_until, lease_epoch, created_at, updated_at)
     values ('workflow of ${owner}', 'w', '${owner}', ${lease_until}, '${lease_epoch}', '2026-01-01', '2026-01-01')`,
  )
  return { taskId: id }
}

/** The names of everything that is under a lease at this moment. */
async function leased(memory: Memory, clock: TestClock): Promise<unknown[]> {
  const tables = [
    ['tasks', 'assigned_to'],
    ['hivewax_locks', 'name'],
    ['hivewax_leases', 'id'],
    ['hivewax_event_offsets', 'group_name'],
    ['hivewax_workflow_runs', 'workflow_id'],
  ]
  const selects = tables.map(
    ([table, name]) => `select ${name} as name from ${table} where lease_until > ${clock.monotonicMs()}`,
  )
  return (await memory.query(`${selects.join(' union all ')} order by name`)).map(row => row.name)
}

const everythingOf = (owner: string) => [
  owner,
  ...['group', 'lease', 'lock', 'workflow'].map(what => `${what} of ${owner}`),
]

conform('agent lapses', open => {
  it('releases everything that a lapsed agent holds, in one transaction with the events, and nothing of others', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    await memory.registerAgent({ id: 'steady', type: 'coder', ttl: 60 })
    const { taskId } = await holdEverything(memory, 'coder-1')
    await holdEverything(memory, 'steady')
    await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['coder-1', 'a', 'b'] })
    await memory.topology.save({ swarmId: 't', topologyType: 'star', nodes: ['steady', 'coder-00'] })
    clock.advance(10_000)
    expect(await leased(memory, clock)).toEqual(
      [...everythingOf('coder-1'), ...everythingOf('steady')].sort(),
    )
    const released = {
      tasks: [taskId],
      locks: ['lock of coder-1'],
      leases: ['lease of coder-1'],
      groups: ['group of coder-1'],
      workflows: ['workflow of coder-1'],
      topologies: ['s'],
    }
    const undone = memory.transaction(async tx => {
      expect(await tx.agents.releaseLapsed()).toMatchObject([released])
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await leased(memory, clock)).toHaveLength(10)
    expect(await memory.agents.releaseLapsed()).toMatchObject([{ id: 'coder-1', ...released }])
    expect(await leased(memory, clock)).toEqual(everythingOf('steady').sort())
    expect(await memory.agents.releaseLapsed()).toEqual([])
    const events = await memory.events.list({ types: ['agent.lapsed', 'topology.repaired'] })
    expect(events.items.map(({ type, data }) => ({ type, data }))).toMatchObject([
      { type: 'topology.repaired', data: { swarmId: 's', version: 2, lost: ['coder-1'], center: 'a' } },
      { type: 'agent.lapsed', data: { agentId: 'coder-1', ...released } },
    ])
    expect(await memory.topology.get('t')).toMatchObject({ version: 1 })
  })

  it('handles each lapse once, however many notice it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const { incarnation } = await memory.registerAgent({ ...coder, swarmId: 's', ttl: 10 })
    await memory.registerAgent({ id: 'steady', type: 'coder', ttl: 100 })
    const release = async () =>
      (await Promise.all(Array.from({ length: 5 }, () => memory.agents.releaseLapsed()))).flat()
    expect(await release()).toEqual([])
    clock.advance(10_000)
    expect(await release()).toEqual([{ id: 'coder-1', incarnation, swarmId: 's', ...nothing }])
    expect(await release()).toEqual([])
    await memory.agents.heartbeat('coder-1')
    expect(await release()).toEqual([])
    clock.advance(10_000)
    expect(await release()).toHaveLength(1)
    const events = await memory.query(
      "select source, data from events where type = 'agent.lapsed' order by id",
    )
    expect(events).toHaveLength(2)
    expect(events[0]?.source).toBe('system')
    expect(JSON.parse(String(events[0]?.data))).toEqual({
      agentId: 'coder-1',
      incarnation,
      swarmId: 's',
      ...nothing,
    })
  })

  it('lets others have the tasks of a lapsed agent at once, whatever their leases, and fences it off', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const own = memory.as('coder-1')
    await memory.registerAgent({ ...coder, ttl: 10 })
    const ids = (await memory.tasks.createMany(['a', 'b', 'c'].map(description => ({ description })))).map(
      ({ id }) => id,
    )
    const claims = await own.tasks.claim({ limit: 2, leaseMs: 3_600_000 })
    await memory.tasks.claim({ agentId: 'steady', leaseMs: 3_600_000 })
    clock.advance(10_000)
    // Whoever claims and finds nothing looks for the dead.
    const taken = await memory.tasks.claim({ agentId: 'other', limit: 9 })
    const [lapse] = (await memory.events.list({ types: ['agent.lapsed'] })).items
    expect(lapse?.data).toMatchObject({ agentId: 'coder-1', tasks: ids.slice(0, 2).sort(), locks: [] })
    expect(taken.map(task => task.id)).toEqual(ids.slice(0, 2))
    for (const claim of claims) {
      await expect(own.tasks.complete({ id: claim.id, token: claim.token })).rejects.toMatchObject({
        code: 'stale_token',
      })
    }
  })

  it('gives a lock of a lapsed agent to whoever wants it, whatever its lease', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    await memory.as('coder-1').locks.acquire('deploy', { leaseMs: 3_600_000 })
    const taking = () => memory.locks.acquire('deploy', { owner: 'other' })
    await expect(taking()).rejects.toMatchObject({ code: 'conflict' })
    clock.advance(10_000)
    expect(await taking()).toMatchObject({ owner: 'other' })
  })

  it('releases what an agent holds that ends by itself, at once and unless it was registered anew', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const { incarnation } = await memory.registerAgent({ ...coder, ttl: 10 })
    const own = memory.as('coder-1')
    const { taskId } = await holdEverything(memory, 'coder-1')
    await holdEverything(memory, 'steady')
    await expect(own.agents.release('coder-1', { incarnation: 9 })).rejects.toMatchObject({
      code: 'stale_token',
    })
    await expect(own.agents.release('none')).rejects.toMatchObject({ code: 'not_found' })
    expect(await own.agents.release('coder-1', { incarnation })).toMatchObject({
      id: 'coder-1',
      tasks: [taskId],
      locks: ['lock of coder-1'],
    })
    expect(await leased(memory, clock)).toEqual(everythingOf('steady').sort())
    expect(await memory.agents.get('coder-1')).toMatchObject({ alive: false })
    expect(await memory.agents.heartbeat('coder-1')).toMatchObject({ alive: true })
  })

  it('frees the locks of a lapsed agent after their delay for dead holders, and leaves those of others', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const own = memory.as('coder-1')
    await memory.registerAgent({ ...coder, ttl: 10 })
    const held = await own.locks.acquire('deploy', { leaseMs: 3_600_000 })
    await own.locks.acquire('careful', { leaseMs: 3_600_000, delayMs: 500 })
    await own.locks.release(await own.locks.acquire('released'))
    await memory.locks.acquire('foreign', { owner: 'steady', leaseMs: 3_600_000 })
    clock.advance(10_000)
    expect(await memory.agents.releaseLapsed()).toMatchObject([{ tasks: [], locks: ['careful', 'deploy'] }])
    expect((await memory.locks.acquire('deploy', { owner: 'other' })).token).toBeGreaterThan(held.token)
    await expect(own.locks.renew(held)).rejects.toMatchObject({ code: 'stale_token' })
    await expect(memory.locks.acquire('careful', { owner: 'other' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await expect(memory.locks.acquire('foreign', { owner: 'other' })).rejects.toMatchObject({
      code: 'conflict',
    })
    clock.advance(500)
    await memory.locks.acquire('careful', { owner: 'other' })
  })

  it('does not call it a lapse when an agent comes back before anybody noticed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    clock.advance(20_000)
    await memory.as('coder-1').store('k', 1)
    expect(await memory.agents.releaseLapsed()).toEqual([])
  })

  it('releases any number of lapsed agents, all or none of them in a transaction', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const all = Array.from({ length: 250 }, (_, i) => `agent-${String(i).padStart(3, '0')}`)
    await Promise.all(all.map(id => memory.registerAgent({ id, type: 'coder', ttl: 1 })))
    clock.advance(1000)
    const undone = memory.transaction(async tx => {
      expect(await tx.agents.releaseLapsed()).toHaveLength(250)
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await memory.query("select count(*) as n from events where type = 'agent.lapsed'")).toEqual([
      { n: 0 },
    ])
    expect((await memory.agents.releaseLapsed()).map(agent => agent.id)).toEqual(all)
  })

  it('mends a topology once for all members that lapse at the same time', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const id of ['a', 'b', 'c', 'd'])
      await memory.registerAgent({ id, type: 'x', ttl: id < 'c' ? 1 : 9 })
    const nodes = ['a', { id: 'b', role: 'x' }, 'c', 'd']
    await memory.topology.save({ swarmId: 's', topologyType: 'hierarchical', nodes })
    clock.advance(1000)
    await memory.agents.releaseLapsed()
    expect(await memory.topology.get('s')).toMatchObject({ version: 2, nodes: ['c', 'd'] })
    expect(await memory.events.count({ types: ['topology.repaired'] })).toBe(1)
    await memory.agents.heartbeat('a')
    expect(await memory.topology.get('s')).toMatchObject({ version: 2 })
  })

  it('lets everything go with an agent that is deleted, whatever kind it is, and asks first', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    await holdEverything(memory, 'coder-1')
    await memory.topology.save({ swarmId: 's', topologyType: 'ring', nodes: ['a', 'coder-1', 'b'] })
    await expect(memory.agents.delete('coder-1')).rejects.toMatchObject({
      code: 'conflict',
      details: { memory: 0, tasks: 1, locks: 1, leases: 1, groups: 1, workflows: 1 },
      message: expect.stringMatching(
        /1 running tasks, 1 locks, 1 leases of shared state, 1 consumer groups, 1 w/,
      ),
    })
    expect(await memory.topology.get('s')).toMatchObject({ version: 1 })
    await memory.agents.delete('coder-1', { cascade: true })
    expect(await leased(memory, clock)).toEqual([])
    expect(await memory.topology.get('s')).toMatchObject({ version: 2, nodes: ['a', 'b'] })
  })

  it('releases what the run before held when an id registers again that had lapsed, and else lets it be', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    await memory.registerAgent({ id: 'other', type: 'coder', ttl: 10 })
    const { taskId } = await holdEverything(memory, 'coder-1')
    clock.advance(9_999)
    await memory.registerAgent({ ...coder, ttl: 10 })
    expect(await leased(memory, clock)).toEqual(everythingOf('coder-1').sort())
    clock.advance(10_000)
    await memory.registerAgent({ ...coder, ttl: 10 })
    expect(await leased(memory, clock)).toEqual([])
    expect(await memory.agents.releaseLapsed()).toMatchObject([{ id: 'other' }])
    const changes = await take(memory.agents.watch({ since: 0 }), 5)
    expect(changes.map(({ change, agentId }) => `${change} ${agentId}`)).toEqual([
      'registered coder-1',
      'registered other',
      'registered coder-1',
      'lapsed coder-1',
      'registered coder-1',
    ])
    expect(changes[3]).toMatchObject({ released: { tasks: [taskId] } })
  })

  it('tells what each agent works on', async () => {
    const memory = await open({ clock: new TestClock() })
    const { taskId } = await holdEverything(memory, 'a')
    expect([...(await memory.agents.work(['a', 'b']))]).toEqual([
      ['a', { tasks: [taskId], locks: ['lock of a'] }],
      ['b', { tasks: [], locks: [] }],
    ])
    expect(await memory.agents.work([])).toEqual(new Map())
  })

  it('watches what becomes of agents, in order and with what they gave back, and goes on after any change', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const watched = take(memory.agents.watch(), 8)
    const { incarnation } = await memory.registerAgent({ ...coder, swarmId: 's', ttl: 10 })
    await memory.agents.heartbeat('coder-1')
    await memory.agents.update('coder-1', { state: 'busy' })
    await memory.locks.acquire('deploy', { owner: 'coder-1', leaseMs: 3_600_000 })
    clock.advance(10_000)
    await memory.agents.releaseLapsed()
    await memory.as('coder-1').store('k', 1)
    clock.advance(10_000)
    await memory.agents.releaseLapsed()
    await memory.agents.heartbeat('coder-1')
    await memory.registerAgent({ ...coder, swarmId: 's' })
    await memory.agents.delete('coder-1')
    const changes = await watched
    const brief = ({ change, incarnation: run }: AgentChange) => `${change} ${run - incarnation}`
    const expected = [
      'registered 0',
      'updated 0',
      'lapsed 0',
      'revived 0',
      'lapsed 0',
      'revived 0',
      'registered 1',
      'deleted 1',
    ]
    expect(changes.map(brief)).toEqual(expected)
    expect(changes[0]).toEqual({
      id: expect.any(Number),
      change: 'registered',
      agentId: 'coder-1',
      incarnation,
      swarmId: 's',
      at: expect.any(Date),
      released: undefined,
    })
    expect(changes[2]).toMatchObject({ released: { ...nothing, locks: ['deploy'] } })
    expect(changes[7]).toMatchObject({ released: nothing })
    for (const [i, { id }] of changes.slice(0, -1).entries()) {
      const rest = await take(memory.agents.watch({ since: id }), expected.length - i - 1)
      expect(rest.map(brief)).toEqual(expected.slice(i + 1))
    }
  })

  it('watches one swarm, passes over what others log under such names, and ends when it is told to', async () => {
    const memory = await open()
    const stop = new AbortController()
    const watch = memory.agents.watch({ swarmId: 's', since: 0, signal: stop.signal })
    await memory.registerAgent({ id: 'a', type: 'x', swarmId: 't' })
    await memory.registerAgent({ id: 'b', type: 'x' })
    await memory.execute(
      `insert into events (type, source, data) values ('agent.registered', 'other', '"not ours"')`,
    )
    await memory.registerAgent({ id: 'c', type: 'x', swarmId: 's' })
    const seen: string[] = []
    for await (const change of watch) {
      seen.push(change.agentId)
      stop.abort()
    }
    expect(seen).toEqual(['c'])
  })

  it('notices a lapse while it watches, although nobody else looks', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    const watched = take(memory.agents.watch(), 1)
    clock.advance(10_000)
    expect(await watched).toMatchObject([{ change: 'lapsed', agentId: 'coder-1' }])
  })

  it('ends a watch with the reason when lapses cannot be looked for any more', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ ...coder, ttl: 10 })
    await memory.execute('alter table agents rename to others')
    clock.advance(10_000)
    await expect(take(memory.agents.watch(), 1)).rejects.toThrow(/agents/)
  })
})
