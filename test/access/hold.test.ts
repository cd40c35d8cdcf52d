import { expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { hivewax } from '../support/cli.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'

const halfAnHour = 1_800_000

it('a command holds what it takes for half an hour, unless it says otherwise or a worker renews it', async () => {
  const folder = scratchFolder()
  const run = (args: string[], env = {}) =>
    JSON.parse(hivewax(folder, [...args, '--json'], { env }).stdout).data
  for (const id of ['a', 'b', 'c']) run(['tasks', 'create', 'x', '--id', id])
  const claim = ['tasks', 'claim', '--agent-id', 'coder-1']
  expect(run(claim)).toMatchObject([{ leaseMs: halfAnHour, leaseUntil: expect.any(String) }])
  expect(run([...claim, '--lease-ms', '5000'])).toMatchObject([{ leaseMs: 5000 }])
  expect(run(claim, { HIVEWAX_TASK_TOKEN: '1' })).toMatchObject([{ leaseMs: 30_000 }])
  const lock = run(['locks', 'acquire', 'deploy'])
  expect(lock).toMatchObject({ leaseMs: halfAnHour, leaseUntil: expect.any(String) })
  expect(run(['locks', 'renew', 'deploy', String(lock.token)])).toMatchObject({ leaseMs: halfAnHour })
})

it('over HTTP it is half an hour too, and 30 s for our client, which renews', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const { url, token } = await startHttp(memory)
  for (const id of ['a', 'b']) await memory.tasks.create({ id, description: 'x' })
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return JSON.parse(await response.text())
  }
  const until = (ms: number) => new Date(clock.now() + ms).toISOString()
  const [task] = await post('tasks/claim', { agentId: 'coder-1' })
  expect(task).toMatchObject({ id: 'a', leaseUntil: until(halfAnHour) })
  const claims = [{ id: 'a', token: task.token }]
  expect(await post('tasks/heartbeat', claims[0] ?? {})).toMatchObject({ leaseUntil: until(halfAnHour) })
  expect(await post('tasks/heartbeatMany', { claims })).toMatchObject({ leaseUntil: until(halfAnHour) })
  expect(await post('locks/acquire', { name: 'deploy' })).toMatchObject({ leaseUntil: until(halfAnHour) })
  const client = await openMemory(url, { token, agentId: 'coder-2' })
  const leaseUntil = new Date(clock.now() + 30_000)
  expect(await client.tasks.claim()).toMatchObject([{ id: 'b', leaseUntil }])
  expect(await client.locks.acquire('other')).toMatchObject({ leaseUntil })
  await client.close()
})
