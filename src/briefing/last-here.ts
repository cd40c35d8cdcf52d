import { toChange } from '../agents/agent-changes.ts'
import { clientOf } from '../util/agent-name.ts'
import type { Asked } from './section.ts'

/** Among how many agents that went, the latest first, it is looked for who is meant. */
const looked = 100

/**
 * When the agent was here before: when it went last, or else, for the agent of a session of a client, when the session of
 * that client went that ended last before this one began. Undefined for who was never here.
 */
export async function lastHere({
  records,
  agentId,
}: Pick<Asked, 'records' | 'agentId'>): Promise<Date | undefined> {
  if (agentId === undefined) return undefined
  const [agent, { items }] = await Promise.all([
    records.agents.get(agentId),
    records.events.list({ types: ['agent.lapsed', 'agent.deleted'], order: 'desc', limit: looked }),
  ])
  const gone = items.map(toChange).filter(change => change !== undefined)
  const client = clientOf(agentId)
  const isBefore = (at: Date) => agent === undefined || at <= agent.createdAt
  const last =
    gone.find(change => change.agentId === agentId) ??
    gone.find(change => client !== undefined && clientOf(change.agentId) === client && isBefore(change.at))
  return last?.at
}
