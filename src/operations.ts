import { agentsOperations } from './agents/operations.ts'
import { briefingOperations } from './briefing/operations.ts'
import { consensusOperations } from './consensus/operations.ts'
import { eventsOperations } from './events/operations.ts'
import { findOperations } from './find/operations.ts'
import { historyOperations } from './history/operations.ts'
import { kvOperations } from './kv/operations.ts'
import { locksOperations } from './locks/operations.ts'
import { maintenanceOperations } from './maintenance/operations.ts'
import { metricsOperations } from './metrics/operations.ts'
import type { Operation } from './operation.ts'
import { patternsOperations } from './patterns/operations.ts'
import { reservationsOperations } from './reservations/operations.ts'
import { sessionsOperations } from './sessions/operations.ts'
import { sharedOperations } from './shared/operations.ts'
import { tasksOperations } from './tasks/operations.ts'
import { tokensOperations } from './tokens/operations.ts'
import { topologyOperations } from './topology/operations.ts'
import { workflowsOperations } from './workflows/operations.ts'

const all = [
  ...kvOperations,
  ...historyOperations,
  ...findOperations,
  ...briefingOperations,
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
  ...reservationsOperations,
  ...maintenanceOperations,
  ...tokensOperations,
]

/** The names of the operations of a domain; of all of them by default. */
export type OperationName<Domain extends string = string> = Extract<
  (typeof all)[number]['name'],
  `${Domain}.${string}`
>

/** Everything that the doors can do, in the order of the reference. */
export const operations: readonly Operation<OperationName>[] = all

const byName: ReadonlyMap<string, Operation> = new Map(all.map(operation => [operation.name, operation]))

/** The operation of this name. */
export function operationOf(name: OperationName): Operation {
  return byName.get(name) as Operation
}
