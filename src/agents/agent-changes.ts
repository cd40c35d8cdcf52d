import type { Db } from '../db/db.ts'
import { appendEvents } from '../db/outbox.ts'
import type { EventRecord } from '../events/events.ts'
import { isObject, type Json } from '../util/json.ts'

const kinds = ['registered', 'updated', 'lapsed', 'revived', 'deleted'] as const

/** The types of the events of changes of agents. */
export const changeTypes = kinds.map(kind => `agent.${kind}`)

/** A change of an agent, as {@link Agents.watch} yields it. */
export interface AgentChange {
  /** Rises with every change: `since` goes on after it. It is the id of the change's event. */
  id: number
  /** `revived`: it had lapsed, what it held was released, and now it sent a heartbeat. */
  change: (typeof kinds)[number]
  agentId: string
  incarnation: number
  swarmId: string | undefined
  at: Date
  /** What it had to give back; only for `lapsed` and `deleted`. */
  released: Released | undefined
}

/** What an agent had to give back when it lapsed or was deleted, each sorted. */
export interface Released {
  /** Ids of the tasks that can be claimed again. */
  tasks: string[]
  /** Names of the locks that others can acquire, after their delay for dead holders. */
  locks: string[]
  /** Globs of the files that others can reserve. */
  reservations: string[]
  /** Ids of its leases of shared state: the keys bound to them have ended with them. */
  leases: string[]
  /** Groups of consumers whose events another consumer can have now. */
  groups: string[]
  /** Ids of the workflows that another process can resume. */
  workflows: string[]
  /** Swarms whose topology went on without it. */
  topologies: string[]
}

/** An agent as its events name it. */
export interface AgentKey {
  id: string
  incarnation: number
  swarmId: string | undefined
}

/** One change of some agents, to be logged. */
interface Changed {
  change: AgentChange['change']
  agents: readonly (AgentKey | (AgentKey & Released))[]
  /** Who made it, or noticed it. */
  source: string
}

/** Logs, within `tx`, one event for each agent that changed, and what it had to give back, if anything. */
export async function appendAgentEvents(tx: Db, { change, agents, source }: Changed): Promise<void> {
  const events = agents.map(({ id, swarmId, ...rest }) => ({
    type: `agent.${change}` as const,
    source,
    data: { agentId: id, swarmId: swarmId ?? null, ...rest },
  }))
  await appendEvents(tx, events)
}

/** The change that an event stands for; undefined when a caller logged an event of such a type. */
export function toChange({ id, type, data, timestamp }: EventRecord): AgentChange | undefined {
  const change = kinds.find(kind => type === `agent.${kind}`)
  const { agentId, incarnation, swarmId, ...released } = data !== undefined && isObject(data) ? data : {}
  if (change === undefined || typeof agentId !== 'string' || typeof incarnation !== 'number') return undefined
  return {
    id,
    change,
    agentId,
    incarnation,
    swarmId: typeof swarmId === 'string' ? swarmId : undefined,
    at: timestamp,
    released: Array.isArray(released.tasks) ? toReleased(released) : undefined,
  }
}

function toReleased(data: Record<string, Json>): Released {
  const names = (list: Json | undefined) =>
    Array.isArray(list) ? list.filter(name => typeof name === 'string') : []
  return {
    tasks: names(data.tasks),
    locks: names(data.locks),
    reservations: names(data.reservations),
    leases: names(data.leases),
    groups: names(data.groups),
    workflows: names(data.workflows),
    topologies: names(data.topologies),
  }
}
