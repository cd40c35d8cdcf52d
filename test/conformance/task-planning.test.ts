import { expect, it } from 'vitest'
import type { ListTasksOptions } from '../../src/tasks/list.ts'
import { claimOne } from '../support/tasks.ts'
import { conform } from './conform.ts'

/** What those who plan change about tasks that there are. */
conform('task planning', open => {
  it('changes what was asked for, counts the change, and tells of it', async () => {
    const memory = await open({ agentId: 'planner' })
    await memory.tasks.create({ id: 'whole', description: 'all of it' })
    await memory.tasks.create({ id: 't', description: 'first', payload: { a: 1 } })
    const runAt = new Date('2099-01-01T00:00:00Z')
    const changes = {
      description: 'second',
      priority: 'high',
      payload: { a: 2 },
      queue: 'mail',
      requires: ['b', 'a'],
      runAt,
      maxAttempts: 7,
      backoff: { baseMs: 5, capMs: 50 },
      labels: ['ui', 'new'],
      parentId: 'whole',
    } as const
    const changed = await memory.tasks.update('t', changes)
    expect(changed).toMatchObject({ ...changes, requires: ['a', 'b'], labels: ['new', 'ui'], revision: 1 })
    expect(await memory.tasks.get('t')).toEqual(changed)
    const [event] = (await memory.events.list({ types: ['task.updated'] })).items
    expect(event).toMatchObject({ source: 'planner', author: { agent: 'planner' } })
    expect(event?.data).toMatchObject({ taskId: 't', status: 'pending', revision: 1 })
    const { changed: fields } = event!.data as { changed: string[] }
    expect(fields.toSorted()).toEqual(Object.keys(changes).sort())
  })

  it('does nothing where nothing would change', async () => {
    const memory = await open()
    const task = await memory.tasks.create({ id: 't', description: 'as it is', labels: ['a'] })
    const same = {
      description: 'as it is',
      priority: 'medium',
      addLabels: ['a'],
      removeLabels: ['b'],
    } as const
    expect(await memory.tasks.update('t', same)).toEqual(task)
    expect((await memory.events.list({ types: ['task.updated'] })).items).toEqual([])
  })

  it('refuses a change that was decided by another revision', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    await memory.tasks.update('t', { description: 'y', expectedRevision: 0 })
    await expect(memory.tasks.update('t', { description: 'z', expectedRevision: 0 })).rejects.toMatchObject({
      code: 'conflict',
      details: { id: 't', revision: 1 },
    })
    await expect(memory.tasks.update('no', { description: 'z' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(memory.tasks.update('t', { parentId: 'no' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await memory.tasks.get('t')).toMatchObject({ description: 'y', revision: 1 })
  })

  it('gives no number twice to tasks of one id', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 't', description: 'x' })
    const former = await memory.tasks.update('t', { description: 'y' })
    await memory.tasks.delete('t')
    await memory.tasks.create({ id: 't', description: 'x' })
    const { revision } = await memory.tasks.update('t', { description: 'y' })
    expect(revision).toBeGreaterThan(former.revision)
  })

  it('moves a task in the order of claims by its priority, and to another queue', async () => {
    const memory = await open({ agentId: 'w' })
    await memory.tasks.createMany(['a', 'b', 'c'].map(id => ({ id, description: id })))
    await memory.tasks.update('c', { priority: 'critical' })
    await memory.tasks.update('a', { queue: 'later' })
    expect((await memory.tasks.claim({ limit: 3, queues: ['default'] })).map(({ id }) => id)).toEqual([
      'c',
      'b',
    ])
    expect((await memory.tasks.claim({ queues: ['later'] })).map(({ id }) => id)).toEqual(['a'])
  })

  it('leaves a claimed task where it is, and a completed one as it was', async () => {
    const memory = await open({ agentId: 'w' })
    await memory.tasks.create({ id: 'other', description: 'x', delayMs: 3_600_000 })
    await memory.tasks.create({ id: 't', description: 'x' })
    const { token } = await claimOne(memory)
    const placing = [{ queue: 'q' }, { requires: ['a'] }, { delayMs: 1 }, { addDependencies: ['other'] }]
    for (const changes of placing)
      await expect(memory.tasks.update('t', changes)).rejects.toMatchObject({
        code: 'conflict',
        details: { id: 't', status: 'running' },
      })
    expect(await memory.tasks.update('t', { payload: 1, priority: 'low' })).toMatchObject({
      status: 'running',
    })
    await memory.tasks.complete({ id: 't', token })
    await expect(memory.tasks.update('t', { description: 'y' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.tasks.update('t', { labels: ['done'] })).toMatchObject({
      labels: ['done'],
      payload: 1,
    })
  })

  it('has a task that failed mended before it is redriven', async () => {
    const memory = await open({ agentId: 'w' })
    await memory.tasks.createMany([
      { id: 'base', description: 'x' },
      { id: 't', description: 'x', dependencies: ['base'] },
    ])
    await memory.tasks.cancel('base')
    await expect(memory.tasks.update('t', { delayMs: 1 })).rejects.toMatchObject({ code: 'conflict' })
    await memory.tasks.update('t', { payload: 'better', removeDependencies: ['base'] })
    await memory.tasks.redrive('t')
    expect(await claimOne(memory)).toMatchObject({ id: 't', payload: 'better', dependencies: [] })
  })

  it('waits for a dependency that is added, and goes on when the last one is removed or ends', async () => {
    const memory = await open({ agentId: 'w' })
    await memory.tasks.createMany(['a', 'b', 't'].map(id => ({ id, description: id, queue: id })))
    await memory.tasks.update('t', { addDependencies: ['a', { id: 'b', onFailure: 'ignore' }] })
    expect(await memory.tasks.claim({ queues: ['t'] })).toEqual([])
    await memory.tasks.update('t', { removeDependencies: ['a'] })
    expect(await memory.tasks.claim({ queues: ['t'] })).toEqual([])
    await memory.tasks.cancel('b')
    expect(await memory.tasks.claim({ queues: ['t'] })).toMatchObject([{ id: 't', dependencies: ['b'] }])
  })

  it('settles at once a dependency that has ended already', async () => {
    const memory = await open()
    await memory.tasks.createMany(['gone', 'ready', 'doomed'].map(id => ({ id, description: id })))
    await memory.tasks.cancel('gone')
    const ignored = { id: 'gone', onFailure: 'ignore' } as const
    expect(await memory.tasks.update('ready', { addDependencies: [ignored] })).toMatchObject({
      status: 'pending',
    })
    expect(await memory.tasks.update('doomed', { addDependencies: ['gone'] })).toMatchObject({
      status: 'cancelled',
      causedBy: 'gone',
    })
  })

  it('refuses to have tasks wait for each other, or be parts of each other, in a circle', async () => {
    const memory = await open()
    await memory.tasks.createMany(['a', 'b', 'c'].map(id => ({ id, description: id })))
    await memory.tasks.update('b', { addDependencies: ['a'], parentId: 'a' })
    await memory.tasks.update('c', { addDependencies: ['b'], parentId: 'b' })
    for (const id of ['a', 'c']) {
      await expect(memory.tasks.update('a', { addDependencies: [id] })).rejects.toMatchObject({
        code: 'conflict',
      })
      await expect(memory.tasks.update('a', { parentId: id })).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(await memory.tasks.get('a')).toMatchObject({ dependencies: [], parentId: undefined, revision: 0 })
  })

  it('finds tasks by label and by parent', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'whole', description: 'x' },
      { id: 'a', description: 'x', parentId: 'whole', labels: ['ui', 'release'] },
      { id: 'b', description: 'x', parentId: 'whole' },
      { id: 'c', description: 'x', labels: ['ui'] },
    ])
    const ids = async (filter: ListTasksOptions) =>
      (await memory.tasks.list(filter)).items.map(({ id }) => id)
    expect(await ids({ label: 'ui' })).toEqual(['a', 'c'])
    expect(await ids({ parentId: 'whole' })).toEqual(['a', 'b'])
    expect(await ids({ parentId: 'whole', label: 'release' })).toEqual(['a'])
    await memory.tasks.cancel('b')
    expect(await ids({ parentId: 'whole', status: 'pending' })).toEqual(['a'])
    expect(await ids({ parentId: 'whole', order: 'desc', limit: 1 })).toEqual(['b'])
  })

  it('keeps comments with their authors, in order, as long as their task', async () => {
    const memory = await open({ agentId: 'critic' })
    await memory.tasks.create({ id: 't', description: 'x' })
    const first = await memory.tasks.comment('t', 'too slow')
    const second = await memory.tasks.comment('t', 'better now')
    expect(first).toMatchObject({ taskId: 't', number: 1, body: 'too slow', author: { agent: 'critic' } })
    expect((await memory.tasks.comments('t')).items).toEqual([first, second])
    const { cursor } = await memory.tasks.comments('t', { limit: 1 })
    expect((await memory.tasks.comments('t', { cursor })).items).toEqual([second])
    await expect(memory.tasks.comment('no', 'x')).rejects.toMatchObject({ code: 'not_found' })
    await memory.tasks.delete('t')
    expect((await memory.tasks.comments('t')).items).toEqual([])
  })
})
