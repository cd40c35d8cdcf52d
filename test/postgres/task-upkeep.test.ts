import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { emptyUrl, openPostgresScratch } from '../support/postgres.ts'

async function openTwo(): Promise<{ memory: Memory; other: Memory; clock: TestClock }> {
  const url = await emptyUrl()
  const clock = new TestClock()
  const memory = await openPostgresScratch({ clock, maxConnections: 8 }, url)
  return { memory, other: await openPostgresScratch({ clock }, url), clock }
}

it('ends no lease that its holder renews at the same moment', async () => {
  const { memory, other, clock } = await openTwo()
  const { id } = await memory.tasks.create({ description: 'a task' })
  const [claimed] = await memory.tasks.claim({ agentId: 'a', leaseMs: 1_000 })
  const key = { id, token: claimed?.token ?? 0 }
  clock.advance(2_000)
  await memory.transaction(async tx => {
    await tx.tasks.heartbeat(key)
    expect(await other.tasks.claim({ agentId: 'b' })).toEqual([])
  })
  expect(await other.tasks.claim({ agentId: 'b' })).toEqual([])
  expect(await memory.tasks.complete(key)).toMatchObject({ status: 'completed' })
})

it('leaves alone a task that is due when somebody else is claiming it', async () => {
  const { memory, other, clock } = await openTwo()
  const { id } = await memory.tasks.create({ description: 'a task', delayMs: 1_000 })
  clock.advance(2_000)
  await memory.transaction(async tx => {
    expect(await tx.tasks.claim({ agentId: 'a' })).toMatchObject([{ id }])
    expect(await other.tasks.claim({ agentId: 'b' })).toEqual([])
  })
})

it('leaves alone a task that other SQL has inserted when somebody else is claiming it', async () => {
  const { memory, other } = await openTwo()
  await memory.execute("insert into tasks (id, description) values ('a', 'a task')")
  await memory.transaction(async tx => {
    expect(await tx.tasks.claim({ agentId: 'a' })).toMatchObject([{ id: 'a' }])
    expect(await other.tasks.claim({ agentId: 'b' })).toEqual([])
  })
})

it('redrives a dead task once, and takes it from nobody who has claimed it since, of 8 who try at once', async () => {
  const { memory } = await openTwo()
  const { id } = await memory.tasks.create({ description: 'a task' })
  for (let round = 1; round <= 10; round++) {
    const [claimed] = await memory.tasks.claim({ agentId: 'a' })
    await memory.tasks.fail({ id, token: claimed?.token ?? 0, error: 'no use', retry: false })
    const redriving = Array.from({ length: 8 }, () => memory.tasks.redrive(id))
    const ended = await Promise.allSettled(redriving)
    expect(ended.filter(one => one.status === 'fulfilled')).toEqual([{ status: 'fulfilled', value: [id] }])
    expect(await memory.events.count({ types: ['task.redriven'] })).toBe(round)
  }
})

it('redrives each of 40 dead tasks once when 8 do so at once', async () => {
  const { memory } = await openTwo()
  await memory.tasks.createMany(
    Array.from({ length: 40 }, (_, i) => ({ description: `task ${i}`, maxAttempts: 1 })),
  )
  for (const { id, token } of await memory.tasks.claim({ agentId: 'a', limit: 40 }))
    await memory.tasks.fail({ id, token, error: 'no use' })
  const redriven = await Promise.all(Array.from({ length: 8 }, () => memory.tasks.redrive({ limit: 10 })))
  expect(new Set(redriven.flat()).size).toBe(redriven.flat().length)
  while ((await memory.tasks.redrive()).length > 0);
  expect(await memory.events.count({ types: ['task.redriven'] })).toBe(40)
})
