import { expect, it } from 'vitest'
import { createTasks, expectEachOnce, startWorkers } from '../support/batches.ts'
import { emptyUrl, openPostgresScratch } from '../support/postgres.ts'

it('gives each of 10,000 tasks to one of 16 connections, once, and refuses a zombie', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  await createTasks(memory, 10_000)
  const zombies = await memory.tasks.claim({ agentId: 'zombie', limit: 5, leaseMs: 500 })
  await expectEachOnce(memory, startWorkers(url, 60_000), 10_000)
  expect(await memory.events.count({ types: ['task.claimed'] })).toBe(10_005)
  for (const { id, token } of zombies) {
    const refused = memory.tasks.complete({ id, token, result: 'too late' })
    await expect(refused).rejects.toMatchObject({ code: 'stale_token', details: { token: token + 1 } })
    expect(await memory.tasks.get(id)).toMatchObject({ attempts: 2, result: { token: token + 1 } })
  }
})
