import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { type Remote, startRemote, until } from '../support/remote.ts'
import { claimOne } from '../support/tasks.ts'

// The defect: a worker that was taken for dead completes its task after all, its result is stored, and the one who
// has the task since is refused. Guarded by `tasks.token = said.token` in completeTasks and renewClaims, by
// `token = …` in failTask and releaseTask, and by the floor below which no token is issued anew.

interface Claim {
  id: string
  token: number
}

/** A worker that claims the task, is stopped until another has it, and wakes up. */
async function awaken(
  file: string,
  memory: Memory,
  names: [string, string],
): Promise<[Remote, Claim, Claim]> {
  const zombie = startRemote(file, names[0])
  const [{ id, token }] = await zombie.call('tasks.claim', { leaseMs: 100 })
  zombie.child.process.kill('SIGSTOP')
  const claimAgain = () => memory.tasks.claim({ agentId: names[1], leaseMs: 60_000 })
  const [owned] = await until(claimAgain, claimed => claimed.length > 0)
  zombie.child.process.kill('SIGCONT')
  return [zombie, { id, token }, owned!]
}

/** All that the store knows: a refused call must leave it as it was. */
async function everything(memory: Memory): Promise<unknown> {
  return [await memory.query('select * from tasks'), await memory.query('select * from events')]
}

for (const names of [
  ['zombie', 'owner'],
  ['same', 'same'],
] as [string, string][]) {
  it(`refuses everything a zombie says, and accepts the rightful owner, named ${names.join(' and ')}`, async () => {
    const file = scratchFile()
    const memory = await openScratch({}, file)
    await memory.tasks.create({ description: 'once' })
    const [zombie, stale, owned] = await awaken(file, memory, names)
    expect(owned).toMatchObject({ id: stale.id, attempt: 2 })
    expect(owned.token).toBeGreaterThan(stale.token)

    const before = await everything(memory)
    const refusal = { code: 'stale_token', details: { id: stale.id, status: 'running', token: owned.token } }
    const report = { ...stale, result: 'of the zombie' }
    await expect(zombie.call('tasks.complete', report)).rejects.toMatchObject(refusal)
    await expect(zombie.call('tasks.heartbeat', { ...stale, progress: 1 })).rejects.toMatchObject(refusal)
    await expect(zombie.call('tasks.fail', { ...stale, error: 'x' })).rejects.toMatchObject(refusal)
    await expect(zombie.call('tasks.release', stale)).rejects.toMatchObject(refusal)
    const many = { held: [], stale: [refusal.details] }
    expect(await zombie.call('tasks.completeMany', [report])).toEqual(many)
    expect(await zombie.call('tasks.heartbeatMany', [stale])).toMatchObject(many)
    expect(await everything(memory)).toEqual(before)

    expect(await memory.tasks.complete({ ...owned, result: 'of the owner' })).toMatchObject({
      status: 'completed',
    })
    await expect(zombie.call('tasks.complete', report)).rejects.toMatchObject({ code: 'stale_token' })
    expect(await memory.tasks.get(stale.id)).toMatchObject({ status: 'completed', result: 'of the owner' })
    expect(await memory.events.count({ types: ['task.completed'] })).toBe(1)
  })
}

it('gives a task that waited longer than any lease to one worker only, who alone completes it', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  await memory.tasks.create({ description: 'old' })
  clock.advance(48 * 3_600_000)
  const task = await claimOne(memory, { agentId: 'a', leaseMs: 1_000 })
  expect(await memory.tasks.claim({ agentId: 'b' })).toEqual([])
  clock.advance(999)
  expect(await memory.tasks.claim({ agentId: 'b' })).toEqual([])
  await memory.tasks.complete(task)
  expect(await memory.tasks.get(task.id)).toMatchObject({ status: 'completed', assignedTo: 'a', attempts: 1 })
})

it('does not turn a task that has failed, died or ended into a completed one', async () => {
  const memory = await openScratch()
  const ends = {
    failed: (claim: Claim) => memory.tasks.fail({ ...claim, error: 'x', retry: false }),
    dead: (claim: Claim) => memory.tasks.fail({ ...claim, error: 'x' }),
    cancelled: (claim: Claim) => memory.tasks.cancel(claim.id),
    completed: (claim: Claim) => memory.tasks.complete(claim),
  }
  for (const [status, end] of Object.entries(ends)) {
    await memory.tasks.create({ id: status, description: 'ends', maxAttempts: 1 })
    const task = await claimOne(memory)
    await end(task)
    const refused = memory.tasks.complete({ ...task, result: 'too late' })
    await expect(refused).rejects.toMatchObject({ code: 'stale_token', details: { status } })
    expect(await memory.tasks.get(status)).toMatchObject({ status, result: undefined })
  }
})

it('refuses the token of a task that was deleted and created anew under its id', async () => {
  const memory = await openScratch()
  const claimAnew = async () => {
    await memory.tasks.create({ id: 'again', description: 'again' })
    return claimOne(memory)
  }
  const first = await claimAnew()
  await memory.tasks.complete(first)
  await memory.tasks.delete('again')
  const second = await claimAnew()
  await expect(memory.tasks.complete(first)).rejects.toMatchObject({ code: 'stale_token' })
  expect(second.token).toBeGreaterThan(first.token)
  await memory.tasks.complete(second)
})
