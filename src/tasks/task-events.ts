import type { Context } from '../context.ts'
import type { EventsOfRows } from '../db/db.ts'
import { appendEvents } from '../db/outbox.ts'
import type { Json } from '../util/json.ts'
import type { TaskStatus } from './task.ts'

/** A change of a task, for the event log: its type is `task.` and the word. */
export interface TaskEvent {
  what:
    | 'created'
    | 'claimed'
    | 'completed'
    | 'failed'
    | 'dead'
    | 'cancelled'
    | 'released'
    | 'redriven'
    | 'updated'
    | 'commented'
  /** Who did it. Default: the handle's agent, else `system`. */
  source?: string | null | undefined
  /** `status` is the task's new one. */
  data: { taskId: string; status: TaskStatus; [more: string]: Json }
}

/** Appends the events of changes in the transaction that makes them. */
export async function appendTaskEvents(context: Context, events: readonly TaskEvent[]): Promise<void> {
  if (events.length === 0) return
  const self = context.agentId ?? 'system'
  await appendEvents(
    context.db,
    events.map(({ what, source, data }) => ({ type: `task.${what}`, source: source ?? self, data })),
  )
}

/** The events of rows of tasks. Who did it is in `assigned_to`, and who created a task in `created_by`. */
export function taskEventsOf(
  { agentId }: Context,
  what: TaskEvent['what'],
  data: EventsOfRows['data'],
): EventsOfRows {
  const column = what === 'created' ? 'created_by' : 'assigned_to'
  return { type: `task.${what}`, source: { column, otherwise: agentId ?? 'system' }, data }
}
