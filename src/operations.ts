import { agentsOperations } from './agents/operations.ts'
import { consensusOperations } from './consensus/operations.ts'
import { eventsOperations } from './events/operations.ts'
import { findOperations } from './find/operations.ts'
import { kvOperations } from './kv/operations.ts'
import { locksOperations } from './locks/operations.ts'
import { maintenanceOperations } from './maintenance/operations.ts'
import { metricsOperations } from './metrics/operations.ts'
import type { Operation } from './operation.ts'
import { patternsOperations } from './patterns/operations.ts'
import { sessionsOperations } from './sessions/operations.ts'
import { sharedOperations } from './shared/operations.ts'
import { tasksOperations } from './tasks/operations.ts'
import { tokensOperations } from './tokens/operations.ts'
import { topologyOperations } from './topology/operations.ts'
import { workflowsOperations } from './workflows/operations.ts'

/** Everything that the doors can do, in the order of the reference. */
export const operations: readonly Operation[] = [
  ...kvOperations,
  ...findOperations,
  ...sessionsOperations,
  ...agentsOperations,
  ...tasksOperations,
  ...sharedOperations,
  ...eventsOperations,
  ...patternsOperations,
  ...metricsOperations,
  ...workflowsOperations,
  ...topologyOperations,
  ...consensusOperations,
  ...locksOperations,
  ...maintenanceOperations,
  ...tokensOperations,
]
