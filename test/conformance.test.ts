import { describe } from 'vitest'
import { agents } from './conformance/agents.ts'
import { consensus } from './conformance/consensus.ts'
import { events } from './conformance/events.ts'
import { find } from './conformance/find.ts'
import { kv } from './conformance/kv.ts'
import { locks } from './conformance/locks.ts'
import { maintenance } from './conformance/maintenance.ts'
import { metrics } from './conformance/metrics.ts'
import { patterns } from './conformance/patterns.ts'
import { sessions } from './conformance/sessions.ts'
import { shared } from './conformance/shared.ts'
import type { Open, Suite } from './conformance/suite.ts'
import { taskDependencies } from './conformance/task-dependencies.ts'
import { taskModel } from './conformance/task-model.ts'
import { taskQueue } from './conformance/task-queue.ts'
import { tasks } from './conformance/tasks.ts'
import { topology } from './conformance/topology.ts'
import { workflows } from './conformance/workflows.ts'
import { openScratch } from './support/memory.ts'

const suites: Record<string, Suite> = {
  kv,
  sessions,
  agents,
  tasks,
  'task queue': taskQueue,
  'task dependencies': taskDependencies,
  'task model': taskModel,
  workflows,
  events,
  shared,
  patterns,
  metrics,
  topology,
  consensus,
  locks,
  find,
  maintenance,
}

const engines: Record<string, Open> = { sqlite: openScratch }

for (const [engine, open] of Object.entries(engines)) {
  describe(engine, () => {
    for (const [domain, suite] of Object.entries(suites)) describe(domain, () => suite(open))
  })
}
