import { type Names, optionCheck, optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { StepRetries, WorkflowContext } from './workflow-context.ts'
import type { Workflows } from './workflows.ts'

/** Refuses what a method does not know. */
export const checkWorkflows = optionChecks<Workflows>('workflows', {
  save: { workflowType: true, checkpoint: true },
  list: { workflowType: true, ...page },
  history: page,
  step: { iteration: true },
  getStep: { iteration: true },
  completeStep: { iteration: true },
  steps: page,
  run: { type: true, input: true, version: true, leaseMs: true, signal: true },
  start: { id: true, input: true, version: true },
  serve: { signal: true, concurrency: true, leaseMs: true, onError: true },
  listRuns: { status: true, type: true, ...page },
  retry: { version: true },
  fork: { newId: true, after: true, iteration: true, version: true },
})

/** The same for what the function of a workflow calls. */
export const checkContext = optionChecks<WorkflowContext>('workflow', {
  key: { iteration: true },
  step: { iteration: true, retries: true },
  sleep: { iteration: true },
  waitFor: { iteration: true, timeout: true },
})

export const checkRetries = optionCheck('retries', { maxAttempts: true, backoff: true } satisfies Names<
  keyof StepRetries
>)
