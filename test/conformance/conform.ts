import { beforeEach, describe, expect, it } from 'vitest'
import { openScratch } from '../support/memory.ts'
import { openPostgresScratch } from '../support/postgres.ts'
import { rounds } from '../support/rounds.ts'
import { openHttpScratch } from '../support/server.ts'
import { beside, differences } from './differences.ts'
import type { Open, Suite } from './suite.ts'

/** What a suite runs on: an engine, or the client of a server. */
interface Way {
  readonly name: 'sqlite' | 'postgres' | 'http'
  readonly open: Open
  /** How often random tests are run: it is the same code but for a few statements, and a call of a server takes longer. */
  readonly share: number
}

const ways: readonly Way[] = [
  { name: 'sqlite', open: openScratch, share: 1 },
  { name: 'postgres', open: openPostgresScratch, share: 0.1 },
  { name: 'http', open: openHttpScratch, share: 0.02 },
]

/**
 * Runs the suite in every way. Each has a test file of its own that bears its name, so that they run beside each other.
 * @param suite `task queue` in `task-queue.test.ts`
 */
export function conform(suite: string, define: Suite): void {
  for (const way of ways)
    if (way.name !== 'http' || beside[suite] === undefined)
      describe(way.name, () => {
        describe(suite, () => conformIn(way, suite, define))
      })
}

function conformIn({ name, open, share }: Way, suite: string, define: Suite): void {
  const different = differences.filter(each => each.engine === name && each.suite === suite)
  beforeEach(({ task, skip }) => {
    const found = task.suite?.name === suite && different.find(({ test }) => test === task.name)
    if (!found) return
    // Through a server some would fail only after having waited, and leave behind what they wait for.
    if (name === 'http') skip(found.why)
    Object.assign(task, { fails: true })
  })
  define(open, most => rounds(Math.ceil(most * share)))
  if (different.length > 0)
    it('differs in tests that there are', ({ task }) => {
      const tests = task.suite?.tasks.map(test => test.name)
      for (const { test } of different) expect(tests).toContain(test)
    })
}
