import { Conflict, errorOf, type HivewaxError } from '../errors.ts'
import type { Operation } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'
import { isAllowed } from './grant.ts'

/** Whether a caller may see what others have stored, where an answer shows some of that. */
export function mayReveal(grant: Grant | undefined, { reveals }: Operation): boolean {
  return grant === undefined || reveals === 'nothing' || isAllowed(grant, reveals)
}

/**
 * Runs an operation, and gives the caller as much of its answer, or of its refusal, as the caller may see: what others
 * have stored only with the permission for that, and the fencing token of what another agent holds not at all.
 */
export async function seenBy(
  grant: Grant | undefined,
  operation: Operation,
  run: () => Promise<unknown>,
): Promise<unknown> {
  if (grant === undefined) return run()
  const isRevealed = mayReveal(grant, operation)
  try {
    const answer = await run()
    const shown = isRevealed ? answer : withoutValues(operation, answer)
    return withoutTokens(grant, operation, shown)
  } catch (error) {
    // Other errors are about what the caller gave.
    throw error instanceof Conflict ? told(error, grant, isRevealed) : error
  }
}

/** What the store itself says of a record: all the rest of it is what somebody gave. */
const ofTheStore = new Set(
  `id key name namespace swarmId agentId taskId workflowId kind type status version revision incarnation token attempt
   attempts iteration accepts rejects quorum succeeded leaseMs leaseUntil remainingMs createdAt updatedAt expiresAt
   savedAt timestamp runAt nextAt completedAt decidedAt`.split(/\s+/),
)

/** A record, a list or a page of them, without anything that somebody gave but their names. */
function withoutValues({ result }: Operation, answer: unknown): unknown {
  if (result === 'value') return undefined
  return mapRecords(answer, record => pick(record, name => ofTheStore.has(name)))
}

/** Without the tokens of what others hold: bound to no agent, a caller may be any of them. */
function withoutTokens({ agentId }: Grant, { fenced }: Operation, answer: unknown): unknown {
  if (agentId === undefined || fenced === undefined) return answer
  const isOwn = (record: object) => 'owner' in record && record.owner === agentId
  return mapRecords(answer, record => pick(record, name => name !== 'token' || isOwn(record)), fenced)
}

/** Maps a record, or those of a list, which may be a field of the answer. */
function mapRecords(answer: unknown, map: (record: object) => object, field = 'items'): unknown {
  if (Array.isArray(answer)) return answer.map(item => mapRecords(item, map))
  if (typeof answer !== 'object' || answer === null) return undefined
  const list = Object.entries(answer).find(([name]) => name === field)?.[1]
  return Array.isArray(list) ? { ...answer, [field]: mapRecords(list, map) } : map(answer)
}

function pick(record: object, isKept: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isKept(name)))
}

/** A refusal with as much of its details as the caller may see. */
function told(error: HivewaxError, { agentId }: Grant, isRevealed: boolean): HivewaxError {
  const { code, message, hint, details, cause } = error
  const isKept = (name: string) =>
    (isRevealed || ofTheStore.has(name) || name === 'owner') && (agentId === undefined || name !== 'token')
  return errorOf(code, message, { hint, cause, details: details && { ...pick(details, isKept) } })
}
