import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { NewTask } from '../../src/tasks/new-task.ts'
import { awaited, emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

/** The events of a type with the transaction that wrote each of them, by id. */
function written(memory: Memory, type: string) {
  return memory.query(
    'select data, source, cast(xmin as text) as by from events where type = $1 order by id',
    [type],
  )
}

/** The transaction that wrote a task last. */
async function writer(memory: Memory, id: string): Promise<unknown> {
  return (await memory.query('select cast(xmin as text) as by from tasks where id = $1', [id]))[0]?.by
}

it('writes a task and the event of it in one transaction, in the words of JSON', async () => {
  const memory = await openPostgresScratch({ agentId: 'boss' })
  const id = 'a "b" \\ c/d é 😀'
  await memory.tasks.create({ id, description: 'x' })
  const said = { taskId: id, status: 'pending' }
  const created = { data: JSON.stringify(said), source: 'boss', by: await writer(memory, id) }
  expect(await written(memory, 'task.created')).toEqual([created])

  const [task] = await memory.tasks.claim({ agentId: 'w' })
  if (task === undefined) throw new Error('the task was to be claimed')
  const { token, attempt } = task
  const running = { taskId: id, status: 'running', attempt, token }
  const claimed = { data: JSON.stringify(running), source: 'w', by: await writer(memory, id) }
  expect(await written(memory, 'task.claimed')).toEqual([claimed])

  await memory.tasks.complete({ id, token })
  const ended = { taskId: id, status: 'completed', attempt }
  const completed = { data: JSON.stringify(ended), source: 'w', by: await writer(memory, id) }
  expect(await written(memory, 'task.completed')).toEqual([completed])
})

it('returns a new task as it is stored, whatever was asked for', async () => {
  const memory = await openPostgresScratch({ agentId: 'boss' })
  const asked: NewTask[] = [
    { description: 'x' },
    { description: 'é', payload: { a: [1, null] }, priority: 'critical', createdBy: 'somebody' },
    { description: 'x', payload: null, queue: 'mail', requires: ['b', 'a'], maxAttempts: 7 },
    { description: 'x', runAt: new Date('2099-01-01T00:00:00.123Z'), backoff: { baseMs: 5, capMs: 50 } },
    { description: 'x', delayMs: 60_000 },
  ]
  const together = await memory.tasks.createMany(asked)
  const alone = await Promise.all(asked.map(task => memory.tasks.create(task)))
  for (const task of [...together, ...alone]) expect(await memory.tasks.get(task.id)).toEqual(task)
  expect((await memory.tasks.list()).items).toHaveLength(10)
})

it('stores a batch whole or not at all, and says which id was taken', async () => {
  const memory = await openPostgresScratch()
  await memory.tasks.create({ id: 'b', description: 'x' })
  const batch = ['a', 'b', 'c'].map(id => ({ id, description: 'y' }))
  await expect(memory.tasks.createMany(batch)).rejects.toMatchObject({
    code: 'conflict',
    details: { id: 'b' },
  })
  expect((await memory.tasks.list()).items.map(task => task.id)).toEqual(['b'])
  expect(await memory.events.count()).toBe(1)
})

const few: [what: string, ids: string[]][] = [
  ['by itself', ['b']],
  ['with another', ['a', 'b']],
]
it.each(few)(
  'lets a task go on that came to wait while its parent was being completed %s',
  async (_, ids) => {
    const url = await emptyUrl()
    const [memory, other] = [await openPostgresScratch({}, url), await openPostgresScratch({}, url)]
    await memory.tasks.createMany(ids.map(id => ({ id, description: 'x' })))
    const claimed = await memory.tasks.claim({ agentId: 'w', limit: ids.length })
    let completing: Promise<unknown> = Promise.resolve()
    await other.transaction(async tx => {
      await tx.tasks.create({ id: 'child', description: 'x', dependencies: ['b'] })
      completing = memory.tasks.completeMany(claimed.map(({ id, token }) => ({ id, token })))
      await awaited(tx)
    })
    expect(await completing).toMatchObject({ stale: [] })
    expect((await memory.tasks.claim({ agentId: 'w' })).map(task => task.id)).toEqual(['child'])
    expect(await memory.events.count({ types: ['task.completed'] })).toBe(ids.length)
  },
)

it('appends to a log that was sealed meanwhile what changes of single tasks tell', async () => {
  const url = await emptyUrl()
  const [memory, other] = [await openPostgresScratch({}, url), await openPostgresScratch({}, url)]
  await memory.tasks.create({ id: 'a', description: 'x' })
  await other.events.seal()
  const [task] = await memory.tasks.claim({ agentId: 'w' })
  if (task === undefined) throw new Error('the task was to be claimed')
  await memory.tasks.complete({ id: 'a', token: task.token })
  expect(await memory.events.count()).toBe(3)
  expect(await memory.events.verify()).toMatchObject({ ok: true })
  const chained = await withClient(
    client => client.query('select count(*) as count from hivewax_event_hashes'),
    url,
  )
  expect(Number(chained.rows[0].count)).toBeGreaterThanOrEqual(2)
})
