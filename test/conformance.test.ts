import { beforeEach, describe, expect, it } from 'vitest'
import { agentIncarnations } from './conformance/agent-incarnations.ts'
import { agentLapses } from './conformance/agent-lapses.ts'
import { agents } from './conformance/agents.ts'
import { consensus } from './conformance/consensus.ts'
import { consensusModel } from './conformance/consensus-model.ts'
import { consensusVotes } from './conformance/consensus-votes.ts'
import { differences } from './conformance/differences.ts'
import { eventGroups } from './conformance/event-groups.ts'
import { eventModel } from './conformance/event-model.ts'
import { eventSeal } from './conformance/event-seal.ts'
import { events } from './conformance/events.ts'
import { find } from './conformance/find.ts'
import { kv } from './conformance/kv.ts'
import { leadership } from './conformance/leadership.ts'
import { leases } from './conformance/leases.ts'
import { locks } from './conformance/locks.ts'
import { maintenance } from './conformance/maintenance.ts'
import { metricRollups } from './conformance/metric-rollups.ts'
import { metrics } from './conformance/metrics.ts'
import { patterns } from './conformance/patterns.ts'
import { restores } from './conformance/restores.ts'
import { sessions } from './conformance/sessions.ts'
import { shared } from './conformance/shared.ts'
import { sharedLeases } from './conformance/shared-leases.ts'
import { sharedModel } from './conformance/shared-model.ts'
import type { Suite } from './conformance/suite.ts'
import { taskAhead } from './conformance/task-ahead.ts'
import { taskDependencies } from './conformance/task-dependencies.ts'
import { taskLanes } from './conformance/task-lanes.ts'
import { taskModel } from './conformance/task-model.ts'
import { taskQueue } from './conformance/task-queue.ts'
import { taskSchedules } from './conformance/task-schedules.ts'
import { taskWorker } from './conformance/task-worker.ts'
import { tasks } from './conformance/tasks.ts'
import { topology } from './conformance/topology.ts'
import { topologyRepair } from './conformance/topology-repair.ts'
import { workflowLapses } from './conformance/workflow-lapses.ts'
import { workflowRuns } from './conformance/workflow-runs.ts'
import { workflowTimers } from './conformance/workflow-timers.ts'
import { workflows } from './conformance/workflows.ts'
import { engines } from './support/engines.ts'

const suites: Record<string, Suite> = {
  kv,
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

/** How often random tests are run: it is the same code but for a few statements, and a call of a server takes longer. */
const shares = { sqlite: 1, postgres: 0.25 }

for (const { name: engine, open } of engines) {
  describe(engine, () => {
    const times = (most: number) => Math.ceil(most * shares[engine])
    const different = differences.filter(each => each.engine === engine)
    beforeEach(({ task }) => {
      Object.assign(task, {
        fails: different.some(({ suite, test }) => test === task.name && suite === task.suite?.name),
      })
    })
    it('differs in tests that there are', ({ task }) => {
      const tests = task.suite?.tasks.flatMap(suite =>
        'tasks' in suite ? suite.tasks.map(test => [suite.name, test.name]) : [],
      )
      for (const { suite, test } of different) expect(tests).toContainEqual([suite, test])
    })
    for (const [domain, suite] of Object.entries(suites)) describe(domain, () => suite(open, times))
  })
}
