import { Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Operation } from '../operation.ts'
import type { Permission } from '../permission.ts'
import type { Grant } from '../tokens/token.ts'
import { matchesGlob } from '../util/glob.ts'

/** Fields of an input that say who writes. */
const actors = ['agentId', 'owner', 'source', 'updatedBy', 'voter']

/** The memory as the agent that the grant is for, if it is for one. */
export function actingFor(memory: Memory, grant: Grant): Memory {
  return grant.agentId === undefined ? memory : memory.as(grant.agentId)
}

/**
 * Refuses what the grant does not cover.
 * @param input as the operation's schema has parsed it
 * @throws Unauthorized `forbidden`, which names what is missing
 */
export function authorize(grant: Grant, operation: Operation, input: unknown): void {
  checkPermission(grant, operation.permission, operation.name)
  for (const namespace of operation.namespaces?.(input) ?? []) checkNamespace(grant, namespace)
  if (operation.effect !== 'read') checkActor(grant, input)
}

/** @param what is refused without the permission, for the message */
export function checkPermission(grant: Grant, permission: Permission, what: string): void {
  if (grant.permissions.includes(permission) || grant.permissions.includes('admin')) return
  throw forbidden(grant, `${what} needs the permission ${permission}`, { permission })
}

/** @param namespace `*` for all of them */
function checkNamespace(grant: Grant, namespace: string): void {
  const { namespaces = ['*'] } = grant
  const isCovered =
    namespace === '*' ? namespaces.includes('*') : namespaces.some(glob => matchesGlob(glob, namespace))
  if (isCovered) return
  const which = namespace === '*' ? 'every namespace' : `the namespace ${JSON.stringify(namespace)}`
  throw forbidden(grant, `it is for ${namespaces.join(', ')}, and this touches ${which}`, { namespace })
}

/** Whoever acts as one agent must not write in the name of another. */
function checkActor(grant: Grant, input: unknown): void {
  if (grant.agentId === undefined || typeof input !== 'object' || input === null) return
  const found = Object.entries(input).find(
    ([field, value]) => actors.includes(field) && value !== undefined && value !== grant.agentId,
  )
  if (found === undefined) return
  const [field, value] = found
  throw forbidden(
    grant,
    `it is for the agent ${grant.agentId}, and ${field} names ${JSON.stringify(value)}`,
    {
      [field]: value,
    },
  )
}

function forbidden({ principal }: Grant, what: string, details: Record<string, unknown>): Unauthorized {
  return new Unauthorized(
    `the token of ${JSON.stringify(principal)} does not allow this: ${what}`,
    { hint: 'Ask for a token that does: hivewax token create.', details },
    'forbidden',
  )
}
