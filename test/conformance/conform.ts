import { beforeEach, describe, expect, it } from 'vitest'
import { agentIncarnations } from './agent-incarnations.ts'
import { agentLapses } from './agent-lapses.ts'
import { agents } from './agents.ts'
import { consensus } from './consensus.ts'
import { consensusModel } from './consensus-model.ts'
import { consensusVotes } from './consensus-votes.ts'
import { beside, differences } from './differences.ts'
import { eventGroups } from './event-groups.ts'
import { eventModel } from './event-model.ts'
import { eventSeal } from './event-seal.ts'
import { events } from './events.ts'
import { find } from './find.ts'
import { kv } from './kv.ts'
import { leadership } from './leadership.ts'
import { leases } from './leases.ts'
import { locks } from './locks.ts'
import { maintenance } from './maintenance.ts'
import { metricRollups } from './metric-rollups.ts'
import { metrics } from './metrics.ts'
import { patterns } from './patterns.ts'
import { restores } from './restores.ts'
import { sessions } from './sessions.ts'
import { shared } from './shared.ts'
import { sharedLeases } from './shared-leases.ts'
import { sharedModel } from './shared-model.ts'
import type { Open, Suite } from './suite.ts'
import { taskAhead } from './task-ahead.ts'
import { taskDependencies } from './task-dependencies.ts'
import { taskLanes } from './task-lanes.ts'
import { taskModel } from './task-model.ts'
import { taskQueue } from './task-queue.ts'
import { taskSchedules } from './task-schedules.ts'
import { taskWorker } from './task-worker.ts'
import { tasks } from './tasks.ts'
import { tokens } from './tokens.ts'
import { topology } from './topology.ts'
import { topologyRepair } from './topology-repair.ts'
import { workflowLapses } from './workflow-lapses.ts'
import { workflowRuns } from './workflow-runs.ts'
import { workflowTimers } from './workflow-timers.ts'
import { workflows } from './workflows.ts'

const suites: Record<string, Suite> = {
  kv,
  tokens,
  sessions,
  agents,
  'agent lapses': agentLapses,
  'agent incarnations': agentIncarnations,
  tasks,
  'task queue': taskQueue,
  'task dependencies': taskDependencies,
  'task lanes': taskLanes,
  'task schedules': taskSchedules,
  'task worker': taskWorker,
  'task ahead': taskAhead,
  'task model': taskModel,
  workflows,
  'workflow runs': workflowRuns,
  'workflow lapses': workflowLapses,
  'workflow timers': workflowTimers,
  events,
  'event groups': eventGroups,
  'event seal': eventSeal,
  'event model': eventModel,
  shared,
  'shared leases': sharedLeases,
  'shared model': sharedModel,
  patterns,
  metrics,
  'metric rollups': metricRollups,
  topology,
  'topology repair': topologyRepair,
  consensus,
  'consensus votes': consensusVotes,
  'consensus model': consensusModel,
  leases,
  locks,
  leadership,
  find,
  maintenance,
  restores,
}

/** What the suites run on: an engine, or the client of a server. */
type Way = 'sqlite' | 'postgres' | 'http'

/** How often random tests are run: it is the same code but for a few statements, and a call of a server takes longer. */
const shares: Readonly<Record<Way, number>> = { sqlite: 1, postgres: 0.1, http: 0.02 }

/** Runs every suite in one way. Each has a file of its own, so that they run beside each other. */
export function conform(way: Way, open: Open): void {
  describe(way, () => {
    const times = (most: number) => Math.ceil(most * shares[way])
    const different = differences.filter(({ engine }) => engine === way)
    beforeEach(({ task, skip }) => {
      const found = different.find(({ suite, test }) => test === task.name && suite === task.suite?.name)
      // Through a server some would fail only after having waited, and leave behind what they wait for.
      if (way === 'http' && found !== undefined) skip(found.why)
      Object.assign(task, { fails: found !== undefined })
    })
    it('differs in tests that there are', ({ task }) => {
      const tests = task.suite?.tasks.flatMap(suite =>
        'tasks' in suite ? suite.tasks.map(test => [suite.name, test.name]) : [],
      )
      for (const { suite, test } of different) expect(tests).toContainEqual([suite, test])
    })
    for (const [domain, suite] of Object.entries(suites))
      if (way !== 'http' || beside[domain] === undefined) describe(domain, () => suite(open, times))
  })
}
