import { expect, it } from 'vitest'
import { systemClock } from '../../src/util/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { startRemote } from '../support/remote.ts'

// The defect: the tasks of a dead worker wait for a monitor that comes around every minute, or hour. Guarded by
// `endLapsed`, which the claim itself runs before it looks for ready tasks.

interface Poll {
  startedMs: number
  endedMs: number
  found: boolean
}

it('gives the task of a killed worker to the first claim after its lease, with no janitor about', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.tasks.create({ id: 'orphan', description: 'orphan' })
  const worker = startRemote(file, 'worker')
  const other = startRemote(file, 'other')
  expect(await other.call('tasks.counts')).toMatchObject({ pending: 1 })
  await worker.call('tasks.claim', { leaseMs: 400 })
  worker.child.process.kill('SIGKILL')
  await worker.child.exited
  const [lease] = await memory.query("select lease_until from tasks where id = 'orphan'")
  const leaseUntil = Number(lease?.lease_until)

  const polls: Poll[] = []
  while (!polls.at(-1)?.found) {
    const startedMs = systemClock.monotonicMs()
    const claimed = await other.call('tasks.claim', { leaseMs: 60_000 })
    polls.push({ startedMs, endedMs: systemClock.monotonicMs(), found: claimed.length > 0 })
    // Without this, a claim that never finds it would go on until the test's own end.
    if (startedMs > leaseUntil) break
  }
  // A poll that ended before the lease found nothing; the first that began after it found the task.
  expect(polls.filter(poll => poll.endedMs < leaseUntil && poll.found)).toEqual([])
  expect(polls.filter(poll => poll.startedMs >= leaseUntil && !poll.found)).toEqual([])
  expect(polls.at(-1)).toMatchObject({ found: true })
  expect(await memory.tasks.get('orphan')).toMatchObject({
    status: 'running',
    assignedTo: 'other',
    attempts: 2,
    errors: [{ attempt: 1, agentId: 'worker' }],
  })
})

it('ends what a dead worker had tried for the last time, and what waited for it, in the same claim', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.tasks.createMany([
    { id: 'parent', description: 'kills its workers', maxAttempts: 1 },
    { id: 'child', description: 'waits', dependencies: ['parent'] },
    { id: 'heir', description: 'goes on', dependencies: [{ id: 'parent', onFailure: 'ignore' }] },
  ])
  const worker = startRemote(file, 'worker')
  await worker.call('tasks.claim', { leaseMs: 50 })
  worker.child.process.kill('SIGKILL')
  await worker.child.exited
  const leaseUntil = async () =>
    Number((await memory.query('select max(lease_until) as ms from tasks'))[0]?.ms)
  const endMs = await leaseUntil()
  while (systemClock.monotonicMs() < endMs) await new Promise(resolve => setTimeout(resolve, 1))
  expect(await memory.tasks.claim({ agentId: 'other' })).toMatchObject([{ id: 'heir' }])
  expect(await memory.tasks.counts()).toMatchObject({ dead: 1, failed: 1, running: 1 })
})
