import type { Context as Request } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { mayReveal } from '../access/answer.ts'
import { call } from '../access/call.ts'
import { checkPermission } from '../access/grant.ts'
import { looplessHoldMs } from '../access/hold.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Operation } from '../operation.ts'
import { checkInteger } from '../util/check.ts'
import { timeoutHeader, toWire, transactionHeader, wireHeader } from '../wire.ts'
import type { Caller } from './authenticator.ts'
import type { Door } from './door.ts'
import type { Transactions } from './transactions.ts'

export interface CallSettings {
  readonly transactions: Transactions
  readonly door: Door
  /** The folder whose files callers may name. */
  readonly files: string | undefined
}

/** A call of an operation. */
interface OperationCall {
  readonly operation: Operation
  readonly memory: Memory
  readonly caller: Caller
  readonly input: unknown
}

/** The path of an operation below the version: `tasks.claim` is `tasks/claim`. */
export function pathOf({ name }: Operation): string {
  return name.replace('.', '/')
}

/** Answers a call of an operation. */
export async function answer(
  request: Request,
  asked: OperationCall,
  { transactions, door, files }: CallSettings,
): Promise<Response> {
  const { operation, caller, input } = asked
  const id = request.req.header(transactionHeader)
  const memory = id === undefined ? asked.memory : within(transactions, id, asked)
  const { grant } = caller
  const result = await door.call(
    caller,
    { ...waitOf(request), isRead: operation.effect === 'read' },
    async bounds => {
      // What is late in a transaction goes on in it: nobody knows any more what it holds.
      if (id !== undefined)
        bounds.signal.addEventListener('abort', () => transactions.abandon(id, bounds.signal.reason))
      return call(operation, input, {
        ...bounds,
        memory,
        grant,
        files,
        isLenient: isWired(request),
        // Our client is the library: what renews there does it here.
        holdMs: isWired(request) ? undefined : looplessHoldMs,
      })
    },
  )
  return isWired(request) ? reply(request, result) : plainReply(request, asked, result)
}

/** How long a caller waits. */
export function waitOf({ req }: Request): { left: AbortSignal; timeoutMs: number | undefined } {
  const given = req.header(timeoutHeader)
  const timeoutMs = given === undefined ? given : checkInteger(timeoutHeader, Number(given), 1)
  return { left: req.raw.signal, timeoutMs }
}

/** Answers with a value, as the caller wants it written. */
export function reply(request: Request, value: unknown, status: ContentfulStatusCode = 200): Response {
  if (!isWired(request)) return request.json(value, status)
  return request.body(toWire(value), status, { 'content-type': 'application/json' })
}

/** Whether the caller is our client. */
export function isWired(request: Request): boolean {
  return request.req.header(wireHeader) !== undefined
}

function plainReply(
  request: Request,
  { operation, input, caller }: OperationCall,
  result: unknown,
): Response {
  if (result !== undefined) return request.json(result)
  const isValue = operation.result === 'value' && mayReveal(caller.grant, operation)
  if (operation.effect === 'read' || isValue)
    throw new NotFound('there is nothing of this name', { details: { input } })
  return request.body(null, 204)
}

/** The handle of a transaction, which has all that a memory has but its upkeep. */
function within(transactions: Transactions, id: string, { operation, caller }: OperationCall): Memory {
  const { name, inTransaction } = operation
  if (inTransaction === false)
    throw new InvalidInput(`${name} cannot be part of a transaction`, {}, 'transaction_misuse')
  if (inTransaction !== true) checkPermission(caller.grant, inTransaction, `${name} in a transaction`)
  return transactions.handle(id, caller.id) as Memory
}
