import { expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { awaited, emptyUrl, openPostgresScratch } from '../support/postgres.ts'
import { startServer } from '../support/postgres-server.ts'

const many = Array.from({ length: 50 }, (_, i) => i)

/** How many transactions the rows of a table were written by last. */
async function transactions(memory: Memory, table: string): Promise<unknown> {
  const [row] = await memory.query(`select count(distinct cast(xmin as text)) as count from ${table}`)
  return row?.count
}

const create = (memory: Memory, i: number) =>
  memory.tasks.create({ id: `task-${i}`, description: `task ${i}` })

it('does in one transaction what is asked for at once', async () => {
  const memory = await openPostgresScratch()
  await Promise.all(many.map(i => create(memory, i)))
  expect(await transactions(memory, 'tasks')).toBe(1)
  const claimed = (await Promise.all(many.map(() => memory.tasks.claim({ agentId: 'a' })))).flat()
  expect(new Set(claimed.map(task => task.id)).size).toBe(many.length)
  expect(await transactions(memory, 'tasks')).toBe(1)
  await Promise.all(claimed.map(({ id, token }) => memory.tasks.complete({ id, token })))
  expect(await transactions(memory, 'tasks')).toBe(1)
  expect(await memory.tasks.counts()).toMatchObject({ completed: many.length, running: 0, pending: 0 })
  // One transaction for each of the three steps wrote the events too.
  expect(await transactions(memory, 'events')).toBe(3)
})

it('tells each caller of its own call, and one that fails hinders no other', async () => {
  const memory = await openPostgresScratch()
  await create(memory, 7)
  const calls = many.map(i => create(memory, i))
  calls.push(memory.tasks.create({ description: 'orphan', dependencies: ['nobody'] }).then(task => task))
  const outcomes = await Promise.allSettled(calls)
  const failed = outcomes.flatMap((outcome, i) =>
    outcome.status === 'rejected' ? [[i, outcome.reason.code]] : [],
  )
  expect(failed).toEqual([
    [7, 'conflict'],
    [many.length, 'not_found'],
  ])
  expect((await memory.tasks.list({ limit: 100 })).items).toHaveLength(many.length)
  expect(await memory.events.count({ types: ['task.created'] })).toBe(many.length)
})

it('gives each claim no more than it asked for, and nothing to two', async () => {
  const memory = await openPostgresScratch()
  await memory.tasks.createMany(many.slice(0, 12).map(i => ({ description: `task ${i}` })))
  await memory.tasks.createMany(
    many.slice(0, 4).map(i => ({ description: `hard ${i}`, requires: ['skill'] })),
  )
  const claims = await Promise.all([
    memory.tasks.claim({ agentId: 'a', limit: 2 }),
    memory.tasks.claim({ agentId: 'b', limit: 3 }),
    memory.tasks.claim({ agentId: 'a', limit: 3 }),
    memory.tasks.claim({ agentId: 'c', limit: 2, capabilities: ['skill'] }),
    memory.tasks.claim({ agentId: 'a', limit: 2, leaseMs: 1_000 }),
  ])
  expect(claims.map(tasks => tasks.length)).toEqual([2, 3, 3, 2, 2])
  const all = claims.flat()
  expect(new Set(all.map(task => task.id)).size).toBe(all.length)
  expect(claims.map(tasks => new Set(tasks.map(task => task.assignedTo)))).toEqual(
    ['a', 'b', 'a', 'c', 'a'].map(agent => new Set([agent])),
  )
})

it('completes a task once when it is asked to twice at once, and refuses a stale token alone', async () => {
  const memory = await openPostgresScratch()
  await Promise.all([create(memory, 1), create(memory, 2)])
  const claimed = await memory.tasks.claim({ agentId: 'a', limit: 2 })
  const [one, two] = claimed.map(({ id, token }) => ({ id, token }))
  if (one === undefined || two === undefined) throw new Error('two tasks were to be claimed')
  const outcomes = await Promise.allSettled([
    memory.tasks.complete({ ...one, result: 1 }),
    memory.tasks.complete({ ...one, result: 2 }),
    memory.tasks.complete({ ...two, token: two.token + 1 }),
    memory.tasks.complete(two),
  ])
  expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect((await memory.tasks.get(one.id))?.result).toBe(1)
})

it('gives events logged at once their ids in the order of the calls', async () => {
  const memory = await openPostgresScratch()
  const logged = await Promise.all(many.map(i => memory.events.log({ type: 'done', data: i })))
  expect(logged.map(event => event.data)).toEqual(many)
  expect(logged.map(event => event.id)).toEqual(logged.map(event => event.id).sort((a, b) => a - b))
  expect(await transactions(memory, 'events')).toBe(1)
})

it('keeps the order of more calls than one transaction takes', async () => {
  const memory = await openPostgresScratch()
  const calls = Array.from({ length: 600 }, (_, i) => i)
  const logged = await Promise.all(calls.map(i => memory.events.log({ type: 'done', data: i })))
  expect(logged.map(event => event.id)).toEqual(calls.map(i => i + 1))
  const tasks = calls.map(i => memory.tasks.create({ id: `${i}`, description: 'x', ...after(i) }))
  expect((await Promise.all(tasks)).map(task => task.id)).toEqual(calls.map(String))
})

it('has two transactions under way when many ask for much at once, and does each task once', async () => {
  const url = await emptyUrl()
  const [memory, other] = [await openPostgresScratch({}, url), await openPostgresScratch({}, url)]
  // The first must not be over before the others begin, however fast the server is: none gets on until two wait.
  const untilTwo = async <T>(ask: () => Promise<T>) => {
    let asked: Promise<T> | undefined
    await other.transaction(async tx => {
      await tx.execute('lock table tasks in share mode')
      asked = ask()
      await awaited(tx, 2)
    })
    return asked!
  }
  await memory.tasks.createMany(Array.from({ length: 1_000 }, (_, i) => ({ description: `task ${i}` })))
  const claim = (limit: number) => memory.tasks.claim({ agentId: 'a', limit })
  const claims = await untilTwo(() =>
    Promise.all([...Array(8).fill(100).map(claim), ...Array(40).fill(1).map(claim)]),
  )
  expect(claims.map(tasks => tasks.length)).toEqual([...Array(8).fill(100), ...Array(40).fill(1)])
  expect(new Set(claims.flat().map(task => task.id)).size).toBe(840)
  expect(await transactions(memory, "tasks where status = 'running'")).toBe(2)
  await untilTwo(() => Promise.all(claims.map(tasks => memory.tasks.completeMany(tasks))))
  expect(await transactions(memory, "tasks where status = 'completed'")).toBe(2)
  expect(await memory.tasks.counts()).toMatchObject({ completed: 840, pending: 160 })
})

/** The last of many waits for the first, which was asked for just before. */
function after(i: number): { dependencies: string[] } | undefined {
  return i === 599 ? { dependencies: ['0'] } : undefined
}

it('chains what changes of tasks append to a log that somebody else has sealed meanwhile', async () => {
  const url = await emptyUrl()
  const [memory, other] = [await openPostgresScratch({}, url), await openPostgresScratch({}, url)]
  await create(memory, 0)
  await other.events.seal()
  await Promise.all(many.slice(1).map(i => create(memory, i)))
  const claimed = await memory.tasks.claim({ agentId: 'a', limit: 10 })
  await memory.tasks.completeMany(claimed)
  const events = (await memory.events.list({ limit: 100 })).items.length
  expect(events).toBe(many.length + 20)
  expect(await memory.events.verify()).toMatchObject({ ok: true })
})

it('refuses the handle outside within a transaction, and ends what was asked before a close', async () => {
  const memory = await openPostgresScratch()
  const misuse = memory.transaction(async () => void (await create(memory, 1)))
  await expect(misuse).rejects.toMatchObject({ code: 'transaction_misuse' })
  const calls = many.map(i => create(memory, i))
  await memory.close()
  expect(await Promise.all(calls)).toHaveLength(many.length)
})

it('loses nothing that was acknowledged, one by one, when the server crashes', async () => {
  const server = startServer()
  onTestFinished(() => server.stop())
  const memory = await openPostgresScratch({ busyTimeoutMs: 30_000 }, server.url)
  const acknowledged: string[] = []
  let next = 0
  let hasCrashed = false
  const loop = async () => {
    while (next < 600) {
      const id = `task-${next++}`
      // Whether one was stored whose commit the crash met is unknown, and no matter here.
      await memory.tasks.create({ id, description: id }).then(
        () => acknowledged.push(id),
        error => expect(error).toMatchObject({ code: 'busy' }),
      )
      if (acknowledged.length >= 200 && !hasCrashed) {
        hasCrashed = true
        await server.crash()
        server.start()
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, loop))
  const stored = new Set((await memory.query('select id from tasks')).map(row => row.id))
  expect(hasCrashed).toBe(true)
  expect(acknowledged.length).toBeGreaterThan(500)
  expect(acknowledged.filter(id => !stored.has(id))).toEqual([])
  expect(await memory.events.count({ types: ['task.created'] })).toBe(stored.size)
})
