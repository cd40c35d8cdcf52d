import type { EventRecord, Memory, Task } from '../../../src/index.ts'
import { SwarmError } from '../errors.ts'
import { type RunState, remembered, swarmId } from '../swarm.ts'

/** What happened in the last run. */
export interface Past {
  run: number
  /** From the first to the last, in order. */
  events: EventRecord[]
  tasks: Task[]
  startMs: number
  tookMs: number
}

/** Reads it all from the memory. */
export async function readPast(memory: Memory): Promise<Past> {
  const state = remembered<RunState | undefined>(await memory.getWorkflowState(swarmId))
  if (state === undefined) throw new SwarmError(`${memory.url} remembers no run of the swarm`)
  const events = await readEvents(memory, state)
  const startMs = events[0]?.timestamp.getTime() ?? 0
  const tookMs = (events.at(-1)?.timestamp.getTime() ?? 0) - startMs
  return { run: state.run, events, tasks: await readTasks(memory, state), startMs, tookMs }
}

/** Whatever others logged after the end of the run is none of it. */
async function readEvents(memory: Memory, { since }: RunState): Promise<EventRecord[]> {
  const { items } = await memory.events.list({ since, limit: 10_000 })
  const end = items.findIndex(event => event.type === 'swarm.finished')
  return end === -1 ? items : items.slice(0, end + 1)
}

/** The step that planned the tasks has kept their ids. */
async function readTasks(memory: Memory, { run }: RunState): Promise<Task[]> {
  const plan = await memory.workflows.getStep(swarmId, 'plan', { iteration: run })
  const tasks = await Promise.all(remembered<string[]>(plan?.result ?? []).map(id => memory.tasks.get(id)))
  return tasks.filter(task => task !== undefined)
}
