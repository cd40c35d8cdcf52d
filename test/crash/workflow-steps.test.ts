import fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import '../support/on-disk.ts'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { scratchFile } from '../support/memory.ts'
import { rounds } from '../support/rounds.ts'

/** It is killed after every tenth, by and large. */
const steps = rounds(100, 30)

describe.each(engines)('$name', ({ empty }) => {
  it('never runs a step again whose result was kept, however often the process is killed', async () => {
    const [location, effects] = [await empty(), scratchFile('effects')]
    const printed: string[] = []
    let exitCode: number | null = null
    for (let round = 0; exitCode === null; round++) {
      const child = startChild('steps', location, effects, steps)
      const goal = Math.min(round * 10 + Math.floor(Math.random() * 10), steps - 1)
      await child.until(line => line.startsWith(`${goal} `))
      if (goal < steps - 1) child.process.kill('SIGKILL')
      exitCode = await child.exited
      printed.push(...child.lines)
    }
    expect(exitCode).toBe(0)
    const kept = lastByStep(printed)
    expect(new Set(printed).size).toBe(steps)
    expect(kept.size).toBe(steps)
    // Had a step run after its result was kept, its last run would be another than the one that was kept.
    expect(lastByStep(fs.readFileSync(effects, 'utf8').trim().split('\n'))).toEqual(kept)
  })
})

function lastByStep(lines: string[]): Map<string, string> {
  return new Map(lines.map(line => line.split(' ') as [string, string]))
}
