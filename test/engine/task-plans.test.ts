import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { openScratch, scratchFile } from '../support/memory.ts'

/** The plans of what tasks do all the time, as SQLite makes them for a store with a history and a backlog. */
async function plansOf(analyze: boolean): Promise<string[]> {
  const file = scratchFile()
  const memory = await openScratch({ durability: 'normal', slowQueryMs: 0 }, file)
  const requires = (i: number) => (i % 10 === 0 ? ['gpu'] : [])
  await memory.tasks.createMany(
    Array.from({ length: 3_000 }, (_, i) => ({
      description: `task ${i}`,
      requires: requires(i),
      delayMs: i % 7 ? undefined : 1e9,
    })),
  )
  const done = await memory.tasks.claim({ agentId: 'w', limit: 1_000 })
  await memory.tasks.completeMany(done)
  await memory.tasks.claim({ agentId: 'w', limit: 200 })
  if (analyze) await memory.execute('analyze')
  const statements = new Set<string>()
  memory.on('slow_query', query => statements.add(query))
  const [task] = await memory.tasks.claim({ agentId: 'w', capabilities: ['gpu'] })
  await memory.tasks.heartbeat(task!)
  await memory.tasks.complete(task!)
  return explain(file, statements)
}

function explain(file: string, statements: ReadonlySet<string>): string[] {
  const db = new DatabaseSync(file, { readOnly: true })
  const plans = [...statements].flatMap(text => {
    const values = Array.from(text.matchAll(/\?/g), () => 1)
    return db.prepare(`explain query plan ${text}`).all(...values)
  })
  db.close()
  return plans.map(step => String(step.detail))
}

const scans = (plans: readonly string[]) => [
  ...new Set(plans.filter(step => /^SCAN (tasks|hivewax_task)/.test(step))),
]

for (const analyze of [false, true]) {
  const after = analyze ? ' after analyze too' : ''

  it(`serves claims, heartbeats and completions by indexes${after}`, async () => {
    const work = await plansOf(analyze)
    expect(scans(work)).toEqual(['SCAN hivewax_task_queues'])
    // To merge the heads of lanes, which are as few as the lanes.
    expect(work.filter(step => step.includes('TEMP B-TREE'))).toEqual(['USE TEMP B-TREE FOR ORDER BY'])
    expect(work[work.indexOf('USE TEMP B-TREE FOR ORDER BY') - 1]).toBe('SCAN heads')
    expect(work).toContainEqual(expect.stringContaining('tasks_ready (lane=? AND rank>?)'))
    expect(work).toContainEqual(expect.stringContaining('tasks_leased (lease_epoch=? AND lease_until<?)'))
    expect(work).toContainEqual(expect.stringContaining('tasks_unranked (run_at<?)'))
  })
}
