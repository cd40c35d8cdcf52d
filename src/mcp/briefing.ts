import { Unauthorized } from '../errors.ts'
import { type OperationName, operationOf } from '../operations.ts'
import type { Json } from '../util/json.ts'
import type { Answer } from './answer.ts'
import { fitItems, plain } from './budget.ts'
import { type Arguments, ask, type Caller } from './caller.ts'

/** What a briefing shows: a name, an operation, its input, and the share of the room that it may take. */
const sections: readonly (readonly [
  name: string,
  operation: OperationName,
  input: Arguments,
  share: number,
])[] = [
  ['taskCounts', 'tasks.counts', {}, 0],
  ['runningTasks', 'tasks.list', { status: 'running', limit: 20 }, 0.15],
  ['pendingTasks', 'tasks.list', { status: 'pending', limit: 20 }, 0.15],
  ['lapsedTasks', 'tasks.list', { status: 'lapsed', limit: 10 }, 0.05],
  ['handovers', 'events.list', { types: ['handover'], order: 'desc', limit: 5 }, 0.15],
  ['decisions', 'events.list', { types: ['decision'], order: 'desc', limit: 10 }, 0.15],
  ['sharedState', 'shared.list', { limit: 30 }, 0.15],
  ['agents', 'agents.list', { alive: true, limit: 20 }, 0.1],
  ['lastSession', 'sessions.list', { limit: 1 }, 0.1],
]

/** Where things stand, the most important first, each part within its share of the room. */
export async function briefing(caller: Caller, room: number): Promise<Answer> {
  const data: Record<string, Json> = {}
  const refused: string[] = []
  let isCut = false
  for (const [name, operation, input, share] of sections) {
    const found = await allowed(ask(operationOf(operation), input, caller))
    if (found === undefined) refused.push(name)
    else {
      const { shown, more } = section(plain(found), (room - 300) * share)
      if (shown !== undefined) data[name] = shown
      isCut ||= more
    }
  }
  const notes = [
    ...(isCut ? ['There is more of some: see the tool for it.'] : []),
    ...(refused.length > 0 ? [`Not allowed to you: ${refused.join(', ')}.`] : []),
  ]
  return { data, ...(notes.length > 0 && { note: notes.join(' ') }) }
}

/** Undefined where the caller may not ask. */
async function allowed(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Unauthorized) return undefined
    throw error
  }
}

/** A list as an index without what is empty; anything else as it is, for it is short. */
function section(found: Json, room: number): { shown: Json | undefined; more: boolean } {
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return { shown: found, more: false }
  if (!Array.isArray(found.items)) return { shown: found, more: false }
  const { items, isCut } = fitItems(found.items.map(withoutEmpty), room)
  const more = isCut || items.length < found.items.length || typeof found.cursor === 'string'
  return { shown: items.length === 0 ? undefined : items, more }
}

function withoutEmpty(item: Json): Json {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  return Object.fromEntries(
    Object.entries(item).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  )
}
