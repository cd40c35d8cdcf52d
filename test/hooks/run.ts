import fs from 'node:fs'
import { expect } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { hivewax, type Ran } from '../support/cli.ts'

/**
 * Runs the hook of an event in a folder, as Claude Code does: what it knows comes on the standard input. On a machine
 * that stood still meanwhile it gives up, as it must, and is called again.
 */
export function hook(folder: string, event: string, input: unknown, ...args: string[]): Ran {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  const options = { input: text, env: { CLAUDE_PROJECT_DIR: folder } }
  const log = `${folder}/.swarm/memory.db.hooks.log`
  for (let attempt = 1; ; attempt++) {
    const before = sizeOf(log)
    const ran = hivewax(folder, ['hook', event, ...args], options)
    const hasGivenUp = sizeOf(log) !== before && fs.readFileSync(log, 'utf8').endsWith(givenUp)
    if (!hasGivenUp || attempt === 5) return ran
    fs.rmSync(log)
  }
}

const givenUp = 'given up after 2000 ms\n'

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
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
