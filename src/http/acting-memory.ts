import type { Context as Request } from 'hono'
import { InvalidInput, Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Grant } from '../tokens/token.ts'
import { checkInteger } from '../util/check.ts'
import { agentHeader, incarnationHeader } from '../wire.ts'

/** The memory as the agent that the caller acts as, when it says so or is bound to one. */
export function actingMemory(memory: Memory, grant: Grant, request: Request): Memory {
  const named = request.req.header(agentHeader)
  const agentId = named === undefined ? grant.agentId : decoded(named)
  if (grant.agentId !== undefined && agentId !== grant.agentId) {
    throw new Unauthorized(
      `the token of ${JSON.stringify(grant.principal)} is for the agent ${JSON.stringify(grant.agentId)}`,
      {},
      'forbidden',
    )
  }
  // The owner's token is the process's own.
  const caller = grant.id === undefined ? undefined : grant.principal
  const letIn = memory.through({ via: 'http', caller })
  if (agentId === undefined) return letIn
  const incarnation = request.req.header(incarnationHeader)
  if (incarnation === undefined) return letIn.as(agentId)
  return letIn.as(agentId, { incarnation: checkInteger(incarnationHeader, Number(incarnation), 0) })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new InvalidInput(`the header ${agentHeader} is not percent-encoded`, { cause })
  }
}
