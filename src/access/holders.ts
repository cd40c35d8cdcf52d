import type { Holder } from '../agents/holders.ts'
import { Conflict, type Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Hold, Operation } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'
import { forbidden } from './grant.ts'

/**
 * Refuses a caller that is bound to an agent what takes to be the holder of something that another one holds. A fencing
 * token tells holders of one record apart, and is a small number that anybody may guess: it proves nothing here.
 * @throws Unauthorized `forbidden`, and Conflict `stale_token` for a token that was never given
 */
export async function checkHolder(
  grant: Grant,
  operation: Operation,
  { input, memory }: { input: unknown; memory: Memory },
): Promise<void> {
  if (grant.agentId === undefined) return
  const holds = operation.holds?.(input) ?? []
  if (holds.length === 0) return
  const holders = await memory.agents.holders(holds.map(({ kind, name }) => ({ kind, name })))
  for (const hold of holds) {
    const holder = holders.find(({ kind, name }) => kind === hold.kind && name === hold.name)
    if (holder !== undefined) checkOne(grant, hold, holder)
  }
}

function checkOne(grant: Grant, { token, ...held }: Hold, { owner, token: last, isHeld }: Holder): void {
  const isOwn = owner === grant.agentId
  const isOthers = token === undefined ? isHeld : owner !== undefined && token === last
  if (isOthers && !isOwn) throw othersHold(grant, held, owner)
  // Tokens only rise: what is let pass now cannot be another's by the time of the call.
  if (token !== undefined && token > last) throw neverGiven(held, token)
}

function neverGiven({ kind, name }: Hold, token: number): Conflict {
  return new Conflict(
    `token ${token} of ${kind} ${JSON.stringify(name)} was never given`,
    { details: { [kind]: name } },
    'stale_token',
  )
}

function othersHold(grant: Grant, { kind, name }: Hold, owner: string | undefined): Unauthorized {
  const who = owner === undefined ? 'somebody else' : JSON.stringify(owner)
  const what = `it is for the agent ${grant.agentId}, and the ${kind} ${JSON.stringify(name)} is held by ${who}`
  return forbidden(grant, what, { [kind]: name })
}
