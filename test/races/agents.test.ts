import { describe, expect, it } from 'vitest'
import { startChild, whileStopped } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { until } from '../support/remote.ts'
import { take } from '../support/take.ts'

const isReady = (line: string) => line.startsWith('ready')

describe.each(engines)('$name', ({ empty, open }) => {
  it('hears in one process of the death of an agent in another, and what it held is free', async () => {
    const location = await empty()
    const memory = await open({}, location)
    await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a', 'b', 'c'] })
    const watched = take(memory.agents.watch({ swarmId: 's' }), 2)
    const child = startChild('agent', location, 'a', 1)
    await child.until(isReady)
    child.process.kill('SIGKILL')
    expect(await watched).toMatchObject([
      { change: 'registered', agentId: 'a' },
      { change: 'lapsed', agentId: 'a', released: { locks: ['lock of a'], topologies: ['s'] } },
    ])
    await memory.locks.acquire('lock of a')
    expect(await memory.topology.get('s')).toMatchObject({ nodes: ['b', 'c'], version: 2 })
  })

  it('knows at once of a connected process that it is over, and of none that may be there', async () => {
    const location = await empty()
    const memory = await open({ background: false }, location)
    const child = startChild('agent', location, 'a', 3_600, 'connected')
    await child.until(isReady)
    await memory.agents.connect({ id: 'a', connection: 'here' })
    expect(await memory.agents.releaseLapsed()).toEqual([])
    child.process.kill('SIGKILL')
    await child.exited
    expect(await memory.agents.releaseLapsed()).toEqual([])
    expect(await memory.agents.get('a')).toMatchObject({ alive: true })
    const one = "update hivewax_agent_connections set machine = 'another', process = '4194305 1'"
    const [{ machine, process }] = (await memory.query(
      'select machine, process from hivewax_agent_connections',
    )) as [{ machine: string; process: string }]
    await memory.execute(one)
    expect(await memory.agents.releaseLapsed()).toEqual([])
    await memory.execute(`update hivewax_agent_connections set machine = null`)
    expect(await memory.agents.releaseLapsed()).toEqual([])
    const [pid] = process.split(' ')
    await memory.execute(`update hivewax_agent_connections set machine = '${machine}', process = '${pid} 1'`)
    expect(await memory.agents.releaseLapsed()).toMatchObject([{ id: 'a', locks: ['lock of a'] }])
    await memory.locks.acquire('lock of a')
  })

  it('handles a lapse once, however many processes watch for it', async () => {
    const location = await empty()
    const watchers = await Promise.all(Array.from({ length: 4 }, () => open({}, location)))
    const watched = watchers.map(memory => take(memory.agents.watch({ since: 0 }), 2))
    const child = startChild('agent', location, 'a', 1)
    await child.until(isReady)
    child.process.kill('SIGKILL')
    const [first, ...others] = await Promise.all(watched)
    for (const changes of others) expect(changes).toEqual(first)
    await Promise.all(watchers.map(memory => memory.agents.releaseLapsed()))
    expect(await watchers[0]!.events.count({ types: ['agent.lapsed'] })).toBe(1)
  })

  it('shuts out a process that was stopped while another took its id, from its first write on', async () => {
    const location = await empty()
    const memory = await open({ busyTimeoutMs: 300 }, location)
    const child = startChild('agent', location, 'a', 60)
    await child.until(isReady)
    child.process.stdin?.write('go\n')
    await until(
      () => memory.retrieve('writer'),
      written => written !== undefined,
    )
    const own = memory.as(
      'a',
      await whileStopped(child, () => memory.registerAgent({ id: 'a', type: 'parent' })),
    )
    await own.store('writer', 'the parent')
    child.process.kill('SIGCONT')
    await child.until(line => line === 'refused stale_token')
    expect(await child.exited).toBe(0)
    expect(await memory.retrieve('writer')).toBe('the parent')
    await own.store('writer', 'still')
  })
})
