import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { claimOne } from '../support/tasks.ts'
import { conform } from './conform.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Which tasks a claim gets, and in which order. */
conform('task queue', open => {
  it('does not lapse a lease when the wall clock is set a day either way, but does when the machine restarts', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    await claimOne(memory, { leaseMs: 60_000 })
    for (const jump of [dayMs, -2 * dayMs]) {
      clock.setWall(clock.now() + jump)
      expect(await memory.tasks.claim({ agentId: 'thief' })).toEqual([])
    }
    clock.reboot()
    expect(await claimOne(memory, { agentId: 'thief' })).toMatchObject({ id: 't', token: 2 })
  })

  it('takes a claim for a sign of life of whoever it is for', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.agents.register({ id: 'coder', type: 'coder', ttl: 60 })
    clock.advance(59_000)
    await memory.tasks.claim({ agentId: 'coder' })
    clock.advance(59_000)
    expect(await memory.agents.get('coder')).toMatchObject({ alive: true })
  })

  it('runs a task that is not delayed at once, though the wall clock is set back', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 't', description: 'x' })
    clock.setWall(clock.now() - dayMs)
    expect(await claimOne(memory)).toMatchObject({ id: 't' })
  })

  it('holds delayed tasks back until they are due', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany([
      { id: 'later', description: 'x', delayMs: 1_000 },
      { id: 'sooner', description: 'x', runAt: new Date(clock.now() + 500) },
      { id: 'past', description: 'x', runAt: new Date(clock.now() - dayMs) },
    ])
    expect((await memory.tasks.claim({ agentId: 'w', limit: 9 })).map(task => task.id)).toEqual(['past'])
    clock.advance(499)
    expect(await memory.tasks.claim({ agentId: 'w' })).toEqual([])
    clock.advance(501)
    expect((await memory.tasks.claim({ agentId: 'w', limit: 9 })).map(task => task.id)).toEqual([
      'sooner',
      'later',
    ])
  })

  it('claims by priority, and in the order of creation among equals', async () => {
    const memory = await open()
    for (const [i, priority] of (
      ['low', 'critical', 'medium', 'high', 'critical', 'low'] as const
    ).entries()) {
      await memory.tasks.create({ id: `${priority}-${i}`, description: 'x', priority })
    }
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed.map(task => task.id)).toEqual([
      'critical-1',
      'critical-4',
      'high-3',
      'medium-2',
      'low-0',
      'low-5',
    ])
  })

  it('claims hundreds of equals in the order of their creation', async () => {
    const memory = await open({ clock: new TestClock(), durability: 'normal' })
    const ids = Array.from({ length: 250 }, (_, i) => `task-${i}`)
    await memory.tasks.createMany(ids.slice(0, 240).map(id => ({ id, description: id })))
    for (const id of ids.slice(240)) await memory.tasks.create({ id, description: id })
    const seen: string[] = []
    for (let i = 0; i < 5; i++) {
      seen.push(...(await memory.tasks.claim({ agentId: 'w', limit: 50 })).map(task => task.id))
    }
    expect(seen).toEqual(ids)
  })

  it('starves nothing: a task is passed only by those created within an hour per level of priority', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 'old-low', description: 'x', priority: 'low' })
    clock.advance(hourMs - 1)
    await memory.tasks.create({ id: 'medium-within', description: 'x', priority: 'medium' })
    clock.advance(2 * hourMs)
    await memory.tasks.create({ id: 'critical-within', description: 'x', priority: 'critical' })
    clock.advance(2)
    await memory.tasks.create({ id: 'critical-later', description: 'x', priority: 'critical' })
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed.map(task => task.id)).toEqual([
      'medium-within',
      'critical-within',
      'old-low',
      'critical-later',
    ])
  })

  it('gives tasks only to those who have all capabilities they require', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'gpu', description: 'x', requires: ['gpu'] },
      { id: 'both', description: 'x', requires: ['gpu', 'review'] },
      { id: 'none', description: 'x' },
      { id: 'review', description: 'x', requires: ['review', 'review'] },
      { id: 'urgent', description: 'x', requires: ['gpu'], priority: 'critical' },
    ])
    const claimable = async (capabilities: string[]) => {
      const claimed = await memory.tasks.claim({ agentId: 'w', capabilities, limit: 9 })
      for (const task of [...claimed].reverse()) await memory.tasks.release(task)
      return claimed.map(task => task.id)
    }
    expect(await claimable([])).toEqual(['none'])
    expect(await claimable(['review', 'other'])).toEqual(['none', 'review'])
    expect(await claimable(['gpu'])).toEqual(['urgent', 'gpu', 'none'])
    expect(await claimable(['review', 'gpu'])).toEqual(['urgent', 'gpu', 'both', 'none', 'review'])
    expect(await memory.tasks.claim({ agentId: 'w', capabilities: ['gpu'], limit: 2 })).toMatchObject([
      { id: 'urgent' },
      { id: 'gpu' },
    ])
  })

  it('claims in order however many different requirements there are', async () => {
    const memory = await open({ durability: 'normal' })
    const names = Array.from({ length: 600 }, (_, i) => `skill-${(i * 7) % 600}`)
    await memory.tasks.createMany(names.map(name => ({ id: name, description: name, requires: [name] })))
    const claimed = await memory.tasks.claim({ agentId: 'w', capabilities: names.slice(10), limit: 500 })
    expect(claimed.map(task => task.id)).toEqual(names.slice(10, 510))
    const rest = await memory.tasks.claim({ agentId: 'w', capabilities: names.slice(0, 300), limit: 500 })
    expect(rest.map(task => task.id)).toEqual(names.slice(0, 10))
    expect(await memory.tasks.claim({ agentId: 'w', capabilities: names.slice(0, 300) })).toEqual([])
  })

  it('takes the capabilities that an agent was registered with', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x', requires: ['testing'] })
    await memory.registerAgent({ id: 'coder', type: 'coder', capabilities: ['javascript'] })
    await memory.registerAgent({ id: 'tester', type: 'tester', capabilities: ['testing', 'python'] })
    expect(await memory.tasks.claim({ agentId: 'coder' })).toEqual([])
    expect(await memory.tasks.claim({ agentId: 'stranger' })).toEqual([])
    expect(await memory.tasks.claim({ agentId: 'tester', capabilities: [] })).toEqual([])
    expect(await claimOne(memory, { agentId: 'tester' })).toMatchObject({ id: 't' })
  })

  it('claims as the agent of the handle', async () => {
    const memory = await open()
    await expect(memory.tasks.claim()).rejects.toMatchObject({ code: 'invalid_input' })
    await memory.tasks.create({ description: 'x' })
    expect(await memory.as('coder').tasks.claim()).toMatchObject([{ assignedTo: 'coder' }])
  })

  it('claims tasks that were inserted by plain SQL, by their priority', async () => {
    const memory = await open()
    await memory.execute("insert into tasks (id, description) values ('plain', 'by SQL')")
    await memory.execute(
      "insert into tasks (id, description, status, priority) values ('low', 'x', 'pending', 'low')",
    )
    await memory.execute("insert into tasks (id, description, priority) values ('top', 'x', 'critical')")
    await memory.execute("insert into tasks (id, description, priority) values ('odd', 'x', 'whenever')")
    await memory.execute("insert into tasks (id, description, status) values ('done', 'x', 'completed')")
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed.map(task => task.id)).toEqual(['top', 'plain', 'odd', 'low'])
    expect(claimed[1]).toMatchObject({ description: 'by SQL', token: 1, attempt: 1, priority: 'medium' })
    await memory.tasks.complete(claimed[1]!)
    expect(await memory.query("select status from tasks where id = 'plain'")).toEqual([
      { status: 'completed' },
    ])
  })

  it('claims what plain SQL inserted, whatever its words are', async () => {
    const memory = await open()
    await memory.execute(`insert into tasks (id, description, priority, dependencies, result, created_at) values
      ('last', 'x', 'medium', null, null, '9999-12-31 23:59:59'), ('odd', 'x', null, 'null', '{', null),
      ('first', 'x', 'medium', null, null, '0001-01-01'), ('loud', 'x', 'loudly', '', '', null)`)
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed[0]).toMatchObject({ id: 'first' })
    expect(claimed.at(-1)).toMatchObject({ id: 'last' })
    expect(claimed.map(task => task.id).sort()).toEqual(['first', 'last', 'loud', 'odd'])
    expect(await memory.tasks.completeMany(claimed)).toMatchObject({ stale: [] })
  })

  it('claims what plain SQL inserted, whatever its times are', async () => {
    const memory = await open()
    await memory.execute(`insert into tasks (id, description, created_at) values
      ('0', 'x', '0000-01-01'), ('1', 'x', '9999-12-31 23:59:59'), ('2', 'x', 'never'), ('3', 'x', ''), ('4', 'x', null)`)
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed[0]).toMatchObject({ id: '0' })
    expect(claimed.at(-1)).toMatchObject({ id: '1' })
    expect(claimed.map(task => task.id).sort()).toEqual(['0', '1', '2', '3', '4'])
    expect(await memory.tasks.completeMany(claimed)).toMatchObject({ stale: [] })
  })

  it('waits for the tasks that a row inserted by plain SQL names as its dependencies', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 'parent', description: 'x' })
    const insert = (id: string, dependencies: string) =>
      memory.execute(
        `insert into tasks (id, description, dependencies) values ('${id}', 'x', '${dependencies}')`,
      )
    await insert('child', '["parent", "parent"]')
    await insert('free', '[]')
    await insert('grandchild', '["child"]')
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: 9 })
    expect(claimed.map(task => task.id).sort()).toEqual(['free', 'parent'])
    await memory.tasks.completeMany(claimed)
    const child = await claimOne(memory)
    expect(child).toMatchObject({ id: 'child', dependencies: ['parent', 'parent'] })
    await memory.tasks.fail({ ...child, error: 'x', retry: false })
    expect(await memory.tasks.get('grandchild')).toMatchObject({ status: 'failed', causedBy: 'child' })
    await insert('late', '["parent"]')
    expect(await claimOne(memory)).toMatchObject({ id: 'late' })
  })

  it('fails a row of plain SQL that could never run, saying why', async () => {
    const memory = await open()
    const insert = (id: string, dependencies: string) =>
      memory.execute(
        `insert into tasks (id, description, dependencies) values ('${id}', 'x', '${dependencies}')`,
      )
    await insert('lost', '["absent"]')
    await insert('self', '["self"]')
    await insert('chicken', '["egg"]')
    await insert('egg', '["chicken"]')
    expect(await memory.tasks.claim({ agentId: 'w', limit: 9 })).toEqual([])
    expect(await memory.tasks.get('lost')).toMatchObject({
      status: 'failed',
      errors: [{ attempt: 0, error: { message: expect.stringContaining('"absent"') } }],
    })
    expect(await memory.tasks.counts()).toMatchObject({ pending: 0, failed: 4 })
    await memory.tasks.create({ id: 'absent', description: 'x' })
    expect(await memory.tasks.redrive('lost')).toEqual(['lost'])
    expect(await memory.tasks.claim({ agentId: 'w', limit: 9 })).toMatchObject([{ id: 'absent' }])
  })

  it('is not held up by a row without an id, which the documented table allows', async () => {
    const memory = await open()
    await memory.execute("insert into tasks (description) values ('nameless')")
    await memory.tasks.create({ id: 't', description: 'x' })
    expect(await claimOne(memory)).toMatchObject({ id: 't' })
    expect(await memory.tasks.claim({ agentId: 'w' })).toEqual([])
  })

  it('is not held up by many running rows without an id, nor are lists', async () => {
    const memory = await open()
    for (const status of ['running', 'pending'])
      await memory.execute(
        `insert into tasks (description, status) with recursive n (v) as (select 1 union all select v + 1 from n
         where v < 120) select 'nameless', '${status}' from n`,
      )
    await memory.tasks.create({ id: 't', description: 'x' })
    await claimOne(memory, { leaseMs: 1 })
    await expect.poll(() => memory.tasks.claim({ agentId: 'w' })).toMatchObject([{ id: 't' }])
    for (const status of [undefined, 'running'] as const)
      expect(await memory.tasks.list({ status })).toMatchObject({ items: [{ id: 't' }], cursor: undefined })
    expect((await memory.tasks.list({ status: 'pending' })).items).toEqual([])
  })

  it('takes a row whose edges are there already, as a writer without foreign keys leaves them', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 'p', description: 'x' })
    await memory.execute(`insert into tasks (id, description, dependencies) values ('c', 'x', '["p"]')`)
    await memory.execute(
      "insert into hivewax_task_dependencies (parent_id, child_id, open) values ('p', 'c', 0)",
    )
    const parent = await claimOne(memory)
    expect(await memory.tasks.claim({ agentId: 'w' })).toEqual([])
    await memory.tasks.complete(parent)
    expect(await claimOne(memory)).toMatchObject({ id: 'c' })
  })
})
