import { expect } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { ClaimOptions } from '../../src/tasks/claim.ts'
import type { ClaimedTask } from '../../src/tasks/task.ts'

/** Claims exactly one task. */
export async function claimOne(memory: Memory, options: ClaimOptions = {}): Promise<ClaimedTask> {
  const claimed = await memory.tasks.claim({ agentId: 'worker', ...options })
  expect(claimed).toHaveLength(1)
  return claimed[0]!
}

/** What the event log says of a task, in order. */
export async function storyOf(memory: Memory, id: string): Promise<string[]> {
  const { items } = await memory.events.list({ limit: 1000 })
  const told = items.filter(event => (event.data as { taskId?: string } | undefined)?.taskId === id)
  return told.map(event => `${event.type} by ${event.source}`)
}
