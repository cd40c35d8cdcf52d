import { Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Operation } from '../operation.ts'
import type { Permission } from '../permission.ts'
import type { Grant } from '../tokens/token.ts'
import { matchesGlob } from '../util/glob.ts'

/** The memory as the agent that the grant is for, if it is for one. */
export function actingFor(memory: Memory, grant: Grant): Memory {
  return grant.agentId === undefined ? memory : memory.as(grant.agentId)
}

/** Who calls, unless the grant is for all that the owner may. */
export function restrictedCaller({ id, principal, permissions }: Grant): string | undefined {
  return permissions.includes('admin') ? undefined : (id ?? principal)
}

/**
 * Refuses what the grant does not cover.
 * @param input as the operation's schema has parsed it
 * @throws Unauthorized `forbidden`, which names what is missing
 */
export function authorize(grant: Grant, operation: Operation, input: unknown): void {
  checkPermission(grant, operation.permission, operation.name)
  for (const permission of operation.needs?.(input) ?? [])
    checkPermission(grant, permission, `such a call of ${operation.name}`)
  for (const namespace of operation.namespaces?.(input) ?? []) checkNamespace(grant, namespace)
  if (operation.effect !== 'read') checkIdentities(grant, operation, input)
}

export function isAllowed({ permissions }: Grant, permission: Permission): boolean {
  return permissions.includes(permission) || permissions.includes('admin')
}

/** @param what is refused without the permission, for the message */
export function checkPermission(grant: Grant, permission: Permission, what: string): void {
  if (isAllowed(grant, permission)) return
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

/** In whose name the store itself acts, and no caller does but one who may do everything. */
const system = 'system'

/** Refuses a caller that is bound to one agent to act in the name of another, or on what is another's. */
function checkIdentities(grant: Grant, { identities }: Operation, input: unknown): void {
  const { agentId } = grant
  const isOther = (value: unknown) =>
    agentId === undefined ? value === system && !isAllowed(grant, 'admin') : value !== agentId
  for (const [path, identity] of Object.entries(identities)) {
    if (identity === 'other') continue
    const other = valuesAt(input, path.split('.')).find(value => value !== undefined && isOther(value))
    if (other === undefined) continue
    if (agentId === undefined) throw forbidden(grant, `nobody acts as ${system}`, { [path]: other })
    const what = `it is for the agent ${agentId}, and ${path} names ${JSON.stringify(other)}`
    throw forbidden(grant, what, { [path]: other })
  }
}

/** What an input has at a path: several values where the path leads through lists. */
function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap(item => valuesAt(item, path))
  const [field, ...rest] = path
  if (field === undefined) return [value]
  return isObject(value) ? valuesAt(value[field], rest) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function forbidden(
  { principal }: Grant,
  what: string,
  details: Record<string, unknown>,
): Unauthorized {
  return new Unauthorized(
    `the token of ${JSON.stringify(principal)} does not allow this: ${what}`,
    { hint: 'Ask for a token that does: hivewax token create.', details },
    'forbidden',
  )
}
