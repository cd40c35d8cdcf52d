import { onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { TaskHandler, WorkOptions } from '../../src/tasks/work-options.ts'

/** Starts a worker that ends with the test at the latest. */
export function startWorker(memory: Memory, handler: TaskHandler, options: WorkOptions = {}) {
  const stopping = new AbortController()
  const ended = memory.tasks.work(handler, { agentId: 'w', ...options, signal: stopping.signal })
  const stop = () => {
    stopping.abort()
    return ended
  }
  onTestFinished(async () => {
    await stop().catch(() => {})
  })
  return { stop, ended }
}

export const statusOf = async (memory: Memory, id: string) => (await memory.tasks.get(id))?.status

/** Resolves, or rejects with its reason, when a signal aborts. */
export const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
