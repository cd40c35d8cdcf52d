import type { Context } from '../context.ts'
import { checkLeaseMs, defaultLeaseMs, leaseEnd } from '../db/lease.ts'
import { checkInteger, checkList, checkName } from '../util/check.ts'
import { encodeJson } from '../util/json.ts'
import { type ClaimKey, type Report, renewClaims, staleClaims, staleToken } from './outcome.ts'
import { assertDistinct, type ClaimResults, type RenewedClaims } from './task-calls.ts'

export interface Heartbeat extends ClaimKey {
  /** How far the work has got, any JSON; kept until the next progress. */
  progress?: unknown
}

export interface Completion extends ClaimKey {
  /** What came of it, any JSON. */
  result?: unknown
}

export interface Failure extends ClaimKey {
  /** What went wrong: an Error, or any JSON. */
  error: unknown
  /** False when trying again cannot help: the task is then failed. Default true. */
  retry?: boolean | undefined
}

/** Claims that one call may renew or complete. */
export const maxClaims = 1_000

export function checkClaimKey({ id, token }: ClaimKey): ClaimKey {
  return { id: checkName('id', id), token: checkInteger('token', token, 0) }
}

/** @throws Conflict `stale_token` unless the one claim held */
export function assertHeld(claim: ClaimKey, { stale: [stale] }: ClaimResults): void {
  if (stale !== undefined) throw staleToken(claim, stale)
}

/** Renews leases, those that hold. */
export async function renew(
  context: Context,
  heartbeats: readonly Heartbeat[],
  leaseMs = defaultLeaseMs,
): Promise<RenewedClaims> {
  const { db, clock } = context
  const leaseUntil = leaseEnd(clock, checkLeaseMs(leaseMs))
  const reports = reportsOf(context, 'progress', heartbeats)
  if (reports.length === 0) return { held: [], stale: [], leaseUntil }
  const held = await renewClaims(db, reports, leaseMs)
  return { held: [...held], stale: await staleClaims(db, reports, held), leaseUntil }
}

/**
 * Checks what the holders of claims say of their tasks.
 * @param what the field that says it
 */
export function reportsOf<What extends 'progress' | 'result'>(
  { maxValueBytes }: Context,
  what: What,
  claims: readonly (ClaimKey & { [field in What]?: unknown })[],
): Report[] {
  checkList('claims', claims, maxClaims)
  const reports = claims.map(claim => {
    const said = claim[what]
    const text = said === undefined ? null : encodeJson(what, said, maxValueBytes)
    return { ...checkClaimKey(claim), text }
  })
  assertDistinct(reports)
  return reports
}
