import type { View } from '../view.ts'
import type { WorkflowRun } from './runs.ts'
import type { WorkflowStep } from './steps.ts'
import type { WorkflowRecord, WorkflowVersion } from './workflow-state.ts'

export const workflowView: View<WorkflowRecord> = {
  columns: ['id', 'workflowType', 'state', 'checkpoint', 'version', 'updatedAt'],
  rest: 'state',
  fields: ['id', 'workflowType', 'state', 'checkpoint', 'version', 'createdAt', 'updatedAt', 'author'],
}

export const workflowVersionView: View<WorkflowVersion> = {
  columns: ['version', 'state', 'checkpoint', 'savedAt', 'author'],
  rest: 'state',
  fields: ['version', 'state', 'checkpoint', 'savedAt', 'author'],
}

export const stepView: View<WorkflowStep> = {
  columns: ['name', 'iteration', 'kind', 'result', 'completedAt'],
  rest: 'result',
  fields: ['name', 'iteration', 'kind', 'result', 'completedAt'],
}

export const runView: View<WorkflowRun> = {
  columns: ['id', 'workflowType', 'status', 'owner', ['outcome', outcome], 'updatedAt'],
  rest: 'outcome',
  fields: [
    'id',
    'workflowType',
    'version',
    'status',
    'input',
    'result',
    'error',
    'owner',
    'wakeAt',
    'waitsFor',
    'forkedFrom',
    'createdAt',
    'updatedAt',
  ],
}

/** The error of a run that failed, the result of one that ended, or what a run waits for. */
function outcome({ error, result, waitsFor }: WorkflowRun): unknown {
  return error?.message ?? result ?? (waitsFor.length === 0 ? undefined : `waits for ${waitsFor.join(', ')}`)
}
