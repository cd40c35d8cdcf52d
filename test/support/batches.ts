import { expect } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type Child, startChild } from './child.ts'

/** 4 processes of 4 connections each that complete all tasks of the store. */
export function startWorkers(url: string, leaseMs: number): Child[] {
  return ['a', 'b', 'c', 'd'].map(name => startChild('complete-batches', url, name, 4, leaseMs))
}

/** Creates so many tasks, numbered from `first` on, none of which dies however often its lease lapses. */
export async function createTasks(memory: Memory, count: number, first = 0): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => `task-${String(first + i).padStart(5, '0')}`)
  const tasks = ids.map(id => ({ id, description: id, maxAttempts: 1_000 }))
  for (let i = 0; i < count; i += 1_000) await memory.tasks.createMany(tasks.slice(i, i + 1_000))
}

/** Takes a task out of the workers' hands, so that they wait for more when all else is done. Gives it back. */
export async function holdTask(memory: Memory): Promise<() => Promise<unknown>> {
  const [held] = await memory.tasks.claim({ agentId: 'holder', leaseMs: 3_600_000 })
  if (held === undefined) throw new Error('there was no task to hold')
  return () => memory.tasks.release(held)
}

/** Resolves when so many tasks are completed. */
export async function untilCompleted(memory: Memory, count: number): Promise<void> {
  while ((await memory.tasks.counts()).completed < count)
    await new Promise(resolve => setTimeout(resolve, 20))
}

/**
 * Checks that each task was completed once and that every completion that was acknowledged is the one that is stored.
 * @returns how many commits broke off
 */
export async function expectEachOnce(
  memory: Memory,
  children: readonly Child[],
  count: number,
): Promise<number> {
  expect(await Promise.all(children.map(child => child.exited))).toEqual(children.map(() => 0))
  const rows = await memory.query('select id, status, token, result from tasks order by id')
  expect(rows).toHaveLength(count)
  const stored = rows.map(({ id, token, status }) => `${status} ${id} ${token}`)
  const lines = children.flatMap(child => child.lines)
  expect(lines.filter(line => line.startsWith('completed ')).sort()).toEqual(stored)
  for (const { token, result } of rows) expect(JSON.parse(String(result))).toMatchObject({ token })
  const told = await memory.query(
    `select count(*) as events, count(distinct data) as tasks from events where type = 'task.completed'`,
  )
  expect(told).toEqual([{ events: count, tasks: count }])
  return lines.filter(line => line === 'unknown').length
}
