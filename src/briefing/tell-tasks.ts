import { firstInLine } from '../tasks/first-in-line.ts'
import { heldTasks } from '../tasks/held.ts'
import type { Task, TaskStatus } from '../tasks/task.ts'
import { isObject } from '../util/json.ts'
import { type Asked, type Draft, isNew } from './section.ts'
import { by, cut, minute, quote } from './words.ts'

const shown = 10

/** How many tasks are told of that are done. */
const mostDone = 5

/** What the agent itself holds, with what it takes to complete it: it may have forgotten that. */
export async function tellClaims({ context, agentId }: Asked): Promise<Draft | undefined> {
  // A token is its holder's alone.
  if (agentId === undefined || agentId !== context.agentId) return undefined
  const held = await heldTasks(context, agentId, shown)
  if (held.length === 0) return undefined
  return {
    name: 'claims',
    title: 'Tasks that you hold',
    lines: held.map(
      ({ id, description, token, leaseUntil }) =>
        `${quote(id)} ${quote(description)} (token ${token}, yours until ${minute(leaseUntil)})`,
    ),
    share: 3,
    more: { operation: 'tasks.list', input: { status: 'running', assignedTo: agentId } },
  }
}

/**
 * What others do, what went wrong, what was done since the agent was here, and what waits, first what needs somebody; of what
 * waits, what is claimed next.
 */
export async function tellTasks(asked: Asked): Promise<Draft | undefined> {
  const { tasks } = asked.records
  const list = async (status: TaskStatus, limit = shown) =>
    (await tasks.list({ status, limit, order: 'desc' })).items
  const [counts, lapsed, dead, failed, done, running, waiting] = await Promise.all([
    tasks.counts(),
    list('lapsed'),
    list('dead', 3),
    list('failed', 3),
    doneSince(asked),
    list('running'),
    firstInLine(asked.context.db, shown),
  ])
  const others = running.filter(task => task.assignedTo !== asked.agentId)
  const lines = [...lapsed, ...dead, ...failed, ...done, ...others, ...waiting].map(taskLine)
  if (lines.length === 0) return undefined
  const counted = (['running', 'lapsed', 'pending', 'failed', 'dead'] as const)
    .filter(status => counts[status] > 0)
    .map(status => `${counts[status]} ${status}`)
  if (done.length > 0)
    counted.push(`${done.length}${done.length === mostDone ? ' or more' : ''} newly completed`)
  return {
    name: 'tasks',
    title: `Tasks (${counted.join(', ')})`,
    lines,
    share: 3,
    more: { operation: 'tasks.list', input: {} },
  }
}

/** What others completed since the agent was here before, the latest first. */
async function doneSince(asked: Asked): Promise<Task[]> {
  const { records, since: from } = asked
  if (from === undefined) return []
  const { items } = await records.events.list({
    types: ['task.completed'],
    from,
    order: 'desc',
    limit: mostDone,
  })
  const ids = items.flatMap(({ timestamp, author, data }) =>
    isNew(asked, timestamp, author) && data !== undefined && isObject(data) ? [String(data.taskId)] : [],
  )
  const tasks = await Promise.all(ids.map(id => records.tasks.get(id)))
  // One that was completed may be gone by now.
  return tasks.filter(task => task !== undefined)
}

function taskLine({ id, description, priority, status, assignedTo, errors }: Task): string {
  const error = errors.at(-1)?.error
  const failure = error === undefined ? '' : `, last error ${cut(quote(messageIn(error)), 100)}`
  return `${quote(id)} ${quote(description)} (${priority}, ${standing(status, assignedTo)}${failure})`
}

function standing(status: TaskStatus, holder: string | undefined): string {
  if (status === 'lapsed') return `left${by(holder)}, free to claim`
  if (status === 'running') return `running${by(holder)}`
  if (status === 'completed') return `new, completed${by(holder)}`
  return status === 'pending' ? 'waiting' : status
}

/** What an error says; of one that is an object only that. */
function messageIn(error: Task['errors'][number]['error']): typeof error {
  return typeof error === 'object' && error !== null && !Array.isArray(error) && 'message' in error
    ? (error.message ?? null)
    : error
}
