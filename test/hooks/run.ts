import { expect } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { hivewax, type Ran } from '../support/cli.ts'

/** Runs the hook of an event in a folder, as Claude Code does: what it knows comes on the standard input. */
export function hook(folder: string, event: string, input: unknown, ...args: string[]): Ran {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return hivewax(folder, ['hook', event, ...args], { input: text, env: { CLAUDE_PROJECT_DIR: folder } })
}

/** The same, which must say nothing. */
export function quiet(folder: string, event: string, input: unknown): void {
  expect(hook(folder, event, input)).toEqual({ status: 0, stdout: '', stderr: '' })
}

/** What a session is told when it begins; undefined when nothing. */
export function told(ran: Ran): string | undefined {
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  if (ran.stdout === '') return undefined
  const { hookSpecificOutput } = JSON.parse(ran.stdout)
  expect(hookSpecificOutput).toEqual({ hookEventName: 'SessionStart', additionalContext: expect.any(String) })
  return hookSpecificOutput.additionalContext
}

/** Works with the store of a folder, as another process does. */
export async function inStore<T>(folder: string, work: (memory: Memory) => Promise<T>): Promise<T> {
  const memory = await openMemory(`${folder}/.swarm/memory.db`, { background: false })
  try {
    return await work(memory)
  } finally {
    await memory.close()
  }
}
