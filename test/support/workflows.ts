import type { Memory } from '../../src/memory.ts'
import type { WorkflowRun } from '../../src/workflows/runs.ts'
import type { ServeOptions, WorkflowCode } from '../../src/workflows/workflow-server.ts'
import { until } from './remote.ts'

/** Serves until what is returned is called, which gives the errors that were told meanwhile. */
export function serving(
  memory: Memory,
  code: Readonly<Record<string, WorkflowCode>>,
  options: ServeOptions = {},
): () => Promise<unknown[]> {
  const stop = new AbortController()
  const errors: unknown[] = []
  const served = memory.workflows.serve(code, {
    onError: error => errors.push(error),
    ...options,
    signal: stop.signal,
  })
  return async () => {
    stop.abort()
    await served
    return errors
  }
}

/** The run of a workflow once it has ended. */
export function ended(memory: Memory, id: string): Promise<WorkflowRun> {
  return until(
    () => theRun(memory, id),
    run => run.status !== 'open',
  )
}

/** The run of a workflow once it is given back to sleep or to wait. */
export function suspended(memory: Memory, id: string): Promise<WorkflowRun> {
  return until(
    () => theRun(memory, id),
    run => run.owner === undefined && (run.wakeAt !== undefined || run.waitsFor.length > 0),
  )
}

async function theRun(memory: Memory, id: string): Promise<WorkflowRun> {
  const run = await memory.workflows.getRun(id)
  if (run === undefined) throw new Error(`workflow ${id} has no run`)
  return run
}
