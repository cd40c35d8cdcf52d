import type { Transaction } from '../transaction.ts'
import { type HookInput, idOf, textOf } from './hook-input.ts'
import { agentOf, sessionOf, taskOf } from './record-ids.ts'

/** The tasks of Claude Code's own list are in a queue of their own. */
const queue = 'claude-code'

/**
 * Notes a task of Claude Code's list, once per id. Only a worker that has the capability of its id can claim it: it is
 * the session's own to do, and not for any worker that looks for tasks.
 */
export async function noteTask(memory: Transaction, input: HookInput): Promise<string | undefined> {
  const id = taskOf(input)
  if (id === undefined || (await memory.tasks.get(id)) !== undefined) return id
  const description = textOf(input, 'task_subject', 1_000) ?? 'a task without a subject'
  const details = textOf(input, 'task_description', 20_000)
  const owner = { teammate: idOf(input, 'teammate_name'), team: idOf(input, 'team_name') }
  await memory.tasks.create({
    id,
    description,
    queue,
    requires: [id],
    payload: JSON.parse(JSON.stringify({ session: sessionOf(input), details, ...owner })),
    // Another hook that notes it at the same moment notes the same.
    idempotencyKey: id,
    createdBy: agentOf(input),
  })
  return id
}

/** Notes that a task of the list is done, also when it was not known yet. */
export async function completeTask(memory: Transaction, input: HookInput): Promise<void> {
  const id = await noteTask(memory, input)
  const agentId = agentOf(input) ?? queue
  if (id === undefined) return
  const [task] = await memory.tasks.claim({ agentId, capabilities: [id], queues: [queue] })
  if (task !== undefined) await memory.tasks.complete({ id, token: task.token })
}
