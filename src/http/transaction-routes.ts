import type { Hono, Context as Request } from 'hono'
import { z } from 'zod'
import { checkPermission } from '../access/grant.ts'
import { InvalidInput } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { type Permission, permissions } from '../permission.ts'
import type { Caller } from './authenticator.ts'
import { readBody } from './body.ts'
import type { Door } from './door.ts'
import { reply, waitOf } from './operation-calls.ts'
import type { Transactions } from './transactions.ts'

/** A caller that can only read has no use for a transaction, which would keep all others from writing. */
const reading: readonly Permission[] = ['memory:read', 'sql:read']

/** The routes that begin and end transactions. */
export function transactionRoutes<Env extends { Variables: { caller: Caller } }>(
  app: Hono<Env>,
  { door, transactions }: { door: Door; transactions: Transactions },
  acting: (request: Request<Env>) => Memory,
): void {
  app.post('/v1/transactions', async c => {
    const caller = c.get('caller')
    checkWriter(caller.grant)
    const asked = readBegin(await readBody(c))
    const begin = ({ signal }: { signal: AbortSignal }) =>
      transactions.begin(acting(c), caller, { ...asked, signal })
    return reply(c, { id: await door.call(caller, waitOf(c), begin) })
  })
  app.post('/v1/transactions/:id/commit', async c => {
    await transactions.end(c.req.param('id'), c.get('caller').id, 'commit')
    return c.body(null, 204)
  })
  app.delete('/v1/transactions/:id', async c => {
    await transactions.end(c.req.param('id'), c.get('caller').id, 'rollback')
    return c.body(null, 204)
  })
}

function checkWriter(grant: Caller['grant']): void {
  const writing = permissions.filter(permission => !reading.includes(permission))
  if (writing.some(permission => grant.permissions.includes(permission))) return
  checkPermission(grant, 'memory:write', 'a transaction')
}

function readBegin(input: unknown): { within?: string | undefined; timeoutMs?: number | undefined } {
  const schema = z.strictObject({ within: z.string().optional(), timeoutMs: z.number().optional() })
  const { data, error } = schema.safeParse(input)
  if (error === undefined) return data
  throw new InvalidInput(`a transaction takes { within?, timeoutMs? }: ${error.issues[0]?.message}`)
}
