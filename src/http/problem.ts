import type { Context as Request } from 'hono'
import { concealed } from '../access/conceal.ts'
import { errorTable, type HivewaxError } from '../errors.ts'
import { reply } from './operation-calls.ts'

/** What callers learn of an error. */
export function problemOf(error: unknown): ReturnType<HivewaxError['toJSON']> {
  return concealed(error).toJSON()
}

/** Answers with the error, as every door shows it. */
export function problem(request: Request, error: unknown): Response {
  const known = problemOf(error)
  const { status } = errorTable[known.code]
  const waitMs = Number(known.details?.retryAfterMs ?? (status === 503 ? 1000 : Number.NaN))
  if (!Number.isNaN(waitMs)) request.header('retry-after', String(Math.ceil(waitMs / 1000)))
  if (status === 401) request.header('www-authenticate', 'Bearer')
  return reply(request, { error: known }, status as 500)
}
