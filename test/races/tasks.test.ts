import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type Child, startChild } from '../support/child.ts'
import { engines, type TestEngine } from '../support/engines.ts'

const taskCount = 400

/** Of the task that a worker holds on to, for others wait for it to end; every other lasts longer than the test. */
const heldMs = 1_000

/** A store with tasks of which every second waits for the one before. */
async function openWithTasks(open: TestEngine['open'], location: string, count: number): Promise<Memory> {
  const memory = await open({ durability: 'normal', busyTimeoutMs: 60_000 }, location)
  const id = (i: number) => `task-${String(i).padStart(3, '0')}`
  await memory.tasks.createMany(
    Array.from({ length: count }, (_, i) => ({
      id: id(i),
      description: `task ${i}`,
      dependencies: i % 2 === 1 ? [id(i - 1)] : [],
    })),
  )
  return memory
}

/** The ids and tokens that follow a word in what the children said. */
function said(children: Child[], word: string): { id: string; token: string }[] {
  const lines = children.flatMap(child => child.lines).filter(line => line.startsWith(`${word} `))
  return lines.map(line => ({ id: line.split(' ')[1]!, token: line.split(' ')[2]! }))
}

describe.each(engines)('$name', ({ empty, open }) => {
  it('lets four processes complete 400 tasks, each once, though one of them is killed at its work', async () => {
    const location = await empty()
    const memory = await openWithTasks(open, location, taskCount)
    const victim = startChild('work', location, 'victim', 10, heldMs)
    // The others come when it has what it will never complete: before that they might leave it nothing to do.
    const [, id, token] = (await victim.until(line => line.startsWith('holding'))).split(' ')
    const workers = ['a', 'b', 'c'].map(name => startChild('work', location, name))
    await Promise.race(workers.map(worker => worker.until(line => line.startsWith('claimed'))))
    victim.process.kill('SIGKILL')
    expect(await Promise.all(workers.map(worker => worker.exited))).toEqual([0, 0, 0])

    expect(await memory.tasks.counts()).toMatchObject({ completed: taskCount, pending: 0, running: 0 })
    const completed = said([...workers, victim], 'completed')
    expect(completed).toHaveLength(taskCount)
    expect(new Set(completed.map(line => line.id)).size).toBe(taskCount)
    expect(said([victim], 'completed')).toHaveLength(9)
    const again = said(workers, 'completed').find(line => line.id === id)
    expect(Number(again?.token)).toBe(Number(token) + 1)
    expect(await memory.tasks.get(id!)).toMatchObject({ attempts: 2, errors: [{ agentId: 'victim' }] })

    const { items } = await memory.events.list({ types: ['task.completed'], limit: 1_000 })
    const done = items.map(event => (event.data as { taskId: string }).taskId)
    expect(done).toHaveLength(taskCount)
    // A task that waits for another completes after it.
    for (const [i, task] of done.entries()) {
      const [parent] = (await memory.tasks.get(task))!.dependencies
      if (parent !== undefined) expect(done.indexOf(parent)).toBeLessThan(i)
    }
  })

  it('never gives a task to two of many claims that meet', async () => {
    const location = await empty()
    const memory = await openWithTasks(open, location, taskCount)
    const workers = ['a', 'b', 'c', 'd'].map(name => startChild('work', location, name))
    expect(await Promise.all(workers.map(worker => worker.exited))).toEqual([0, 0, 0, 0])
    expect(said(workers, 'claimed')).toHaveLength(taskCount)
    expect(said(workers, 'completed')).toHaveLength(taskCount)
    expect(await memory.events.count({ types: ['task.claimed'] })).toBe(taskCount)
  })

  it('refuses the completion of a process that comes back after its lease was taken', async () => {
    const location = await empty()
    const memory = await openWithTasks(open, location, 2)
    const zombie = startChild('work', location, 'zombie', 1, heldMs)
    const held = await zombie.until(line => line.startsWith('holding'))
    const rightful = startChild('work', location, 'rightful')
    await rightful.exited
    zombie.process.stdin?.write('go\n')
    await zombie.exited
    expect(held).toBe('holding task-000 1')
    expect(said([zombie], 'stale_token')).toEqual([{ id: 'task-000', token: '1' }])
    expect(said([zombie], 'completed')).toEqual([])
    expect(await memory.tasks.get('task-000')).toMatchObject({
      result: 'by rightful',
      assignedTo: 'rightful',
    })
  })
})
