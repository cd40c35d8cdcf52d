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
  for (const status of ['pending', 'running', 'completed'] as const) await memory.tasks.list({ status })
  const db = new DatabaseSync(file, { readOnly: true })
  const plans = [...statements].flatMap(text => {
    const values = Array.from(text.matchAll(/\?/g), () => 1)
    const steps = db.prepare(`explain query plan ${text}`).all(...values)
    return steps.map(step => String(step.detail))
  })
  db.close()
  return plans
}

for (const analyze of [false, true]) {
  it(`serves claims, heartbeats and completions by indexes${analyze ? ' after analyze too' : ''} (T16)`, async () => {
    const plans = await plansOf(analyze)
    expect(plans.filter(step => /SCAN (tasks|hivewax_task)/.test(step))).toEqual([
      'SCAN tasks USING INDEX tasks_leased',
    ])
    expect(plans).toContainEqual(expect.stringContaining('tasks_ready (requires=? AND rank>?)'))
    expect(plans).toContainEqual(expect.stringContaining('tasks_leased (lease_epoch=? AND lease_until<?)'))
    expect(plans).toContainEqual(expect.stringContaining('tasks_unranked (run_at<?)'))
    expect(plans).toContainEqual(expect.stringContaining('tasks_by_status (status=?)'))
  })
}
