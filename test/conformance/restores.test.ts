import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { scratchFile } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'
import { conform } from './conform.ts'

/** What holds after the restore of a backup. */
conform('restores', open => {
  it('a restored store is searched as it is', async () => {
    const memory = await open()
    const to = scratchFile('backup.db')
    await memory.store('a', 'the honey is old')
    await memory.find('honey')
    await memory.store('b', 'more honey')
    await memory.backup(to)
    await memory.store('c', 'honey again')
    await memory.delete('a')
    expect(await memory.find('honey')).toHaveLength(2)
    await memory.restore(to)
    expect((await memory.find('honey')).map(({ value }) => value).sort()).toEqual([
      'more honey',
      'the honey is old',
    ])
    await memory.store('d', 'new honey')
    expect(await memory.find('honey')).toHaveLength(3)
  })

  it('no revision, version, token, ballot or event id is issued twice, however often a backup is restored', async () => {
    const random = seeded()
    const memory = await open({ agentId: 'agent' })
    const backup = scratchFile('backup.db')
    const seen = new Set<string>()
    const note = (issued: string) => {
      expect(seen, issued).not.toContain(issued)
      seen.add(issued)
    }
    await memory.tasks.create({ id: 'task', description: 'd', maxAttempts: 1000 })
    await memory.backup(backup)
    let lifted = 0
    for (let round = 0; round < 6; round++) {
      for (let step = 0; step < 20; step++) note(await act(memory, random))
      if (random() < 0.3) await memory.backup(backup)
      await memory.restore(backup)
      for (const issued of await held(memory)) note(issued)
      lifted = Math.max(...[...seen].map(issued => Number(issued.split(' ').at(-1))))
    }
    // Numbers start right above the highest one each time, so that restores do not exhaust them.
    expect(lifted).toBeLessThan(1000)
  })

  it('a task that was claimed before the restore cannot be completed with its old token', async () => {
    const memory = await open({ agentId: 'agent' })
    await memory.tasks.create({ id: 'task', description: 'd' })
    const [first] = await memory.tasks.claim({ agentId: 'agent' })
    const backup = scratchFile('backup.db')
    await memory.backup(backup)
    await memory.restore(backup)
    await expect(memory.tasks.complete(first!)).rejects.toMatchObject({ code: 'stale_token' })
    const [second] = await memory.tasks.claim({ agentId: 'agent' })
    expect(second).toMatchObject({ id: 'task' })
    expect(second!.token).toBeGreaterThan(first!.token)
    await memory.tasks.complete(second!)
  })

  it('a lock that was held is free after the restore, and its former holder finds that it is not its own', async () => {
    const memory = await open()
    const held = await memory.locks.acquire('lock', { owner: 'a', leaseMs: 60_000 })
    const backup = scratchFile('backup.db')
    await memory.backup(backup)
    await memory.restore(backup)
    expect(await memory.locks.check(held)).toBe(false)
    await expect(memory.locks.renew(held)).rejects.toMatchObject({ code: 'stale_token' })
    const next = await memory.locks.acquire('lock', { owner: 'b' })
    expect(next.token).toBeGreaterThan(held.token)
  })

  it('watchers of shared state are told that their cursor is too old; a watch from the new one goes on', async () => {
    const memory = await open()
    const backup = scratchFile('backup.db')
    await memory.updateSharedState('a', 1)
    await memory.backup(backup)
    await memory.updateSharedState('a', 2)
    const { revision } = await memory.shared.list()
    await memory.restore(backup)
    const watch = async (since: number) => {
      for await (const change of memory.shared.watch('', { since })) return change
      return undefined
    }
    await expect(watch(revision)).rejects.toMatchObject({ code: 'compacted' })
    const { items, revision: present } = await memory.shared.list()
    expect(items).toMatchObject([{ key: 'a', value: 1 }])
    const next = watch(present)
    await memory.updateSharedState('b', 3)
    expect(await next).toMatchObject({ changes: [{ key: 'b', value: 3 }] })
    expect((await memory.shared.history('a')).items.map(({ value }) => value)).toEqual([1])
  })

  it('a consumer of events goes on after the restore without missing or repeating an id', async () => {
    const memory = await open()
    const backup = scratchFile('backup.db')
    await memory.logEvent('before')
    await memory.backup(backup)
    const { id } = await memory.logEvent('undone')
    const { eventId } = await memory.restore(backup)
    expect(eventId).toBeGreaterThan(id)
    const after = await memory.logEvent('after')
    expect(after.id).toBeGreaterThan(eventId)
    expect(await memory.query('select type from events order by id')).toEqual(
      ['before', 'memory.restored', 'after'].map(type => ({ type })),
    )
  })
})

/** Does something that issues a number, and says which: `kind key number`. */
async function act(memory: Memory, random: () => number): Promise<string> {
  const key = `k${Math.floor(random() * 3)}`
  const forget = random() < 0.3
  switch (Math.floor(random() * 9)) {
    case 0:
      if (forget) await memory.delete(key)
      return `revision ${key} ${(await memory.store(key, random())).revision}`
    case 1:
      if (forget) await memory.shared.delete(key)
      return `version ${key} ${(await memory.shared.update(key, random())).version}`
    case 2:
      return `event - ${(await memory.logEvent('happened')).id}`
    case 3:
      if (forget) await memory.workflows.delete(key)
      return `workflow ${key} ${(await memory.workflows.save(key, random())).version}`
    case 4:
      if (forget) await memory.consensus.delete(key)
      return `ballot ${key} ${(await memory.consensus.propose(key, { value: random() })).version}`
    case 5:
      return `topology ${key} ${(await memory.topology.save({ swarmId: key, topologyType: 'custom', nodes: ['a'] })).version}`
    case 6:
      return `incarnation ${key} ${(await memory.agents.register({ id: key, type: 'coder' })).incarnation}`
    case 7: {
      const lock = await memory.locks.acquire(key)
      await memory.locks.release(lock)
      return `lock ${key} ${lock.token}`
    }
    default: {
      const [task] = await memory.tasks.claim({ agentId: 'agent' })
      if (task === undefined) throw new Error('the task was not claimable')
      await memory.tasks.release(task)
      return `token ${task.id} ${task.token}`
    }
  }
}

/** The numbers that records carry after a restore: a caller from before must not take them for its own. */
async function held(memory: Memory): Promise<string[]> {
  const rows = await memory.query(`
    select 'revision ' || key || ' ' || revision as issued from memory_store
    union all select 'version ' || key || ' ' || version from shared_state
    union all select 'workflow ' || id || ' ' || version from workflow_state
    union all select 'ballot ' || key || ' ' || version from consensus_state
    union all select 'topology ' || swarm_id || ' ' || max(version) from swarm_topology group by swarm_id
    union all select 'incarnation ' || id || ' ' || incarnation from agents
    union all select 'lock ' || name || ' ' || token from hivewax_locks
    union all select 'token ' || id || ' ' || token from tasks
    union all select 'event - ' || max(id) from events`)
  return rows.map(row => String(row.issued))
}
