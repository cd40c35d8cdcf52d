import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { readErrors } from './attempts.ts'
import type { ClaimKey } from './outcome.ts'
import { redriveTask } from './redrive.ts'
import type { TaskStatus } from './task.ts'

/**
 * The condition that the last claim of a task has lapsed, and nobody has claimed or redriven the task since: what a
 * holder ends by itself, it ends with its lease.
 */
const hasLapsed = sql`status in ('pending', 'dead') and lease_epoch is not null`

interface LateRow extends ClaimKey {
  status: TaskStatus
  attempts: number
  errors: string | null
}

/** Those of the claims that have lapsed, and whose tasks nobody has had since. */
export async function lateClaims<T extends ClaimKey>(
  { db }: Context,
  claims: readonly T[],
): Promise<readonly T[]> {
  if (claims.length === 0) return []
  const ids = claims.map(claim => claim.id)
  const rows = await db.all<ClaimKey>(
    sql`select id, token from tasks where ${db.dialect.inList(sql`id`, ids)} and ${hasLapsed}`,
  )
  const tokens = new Map(rows.map(({ id, token }) => [id, token]))
  return claims.filter(({ id, token }) => tokens.get(id) === token)
}

/**
 * Gives a task back to its late holder, as if its lease had not lapsed, unless another has it by now. One that has died
 * of the lapse is redriven first, and with it what ended because of it.
 * @param context its `db` is the transaction
 */
export async function takeUp(context: Context, { id, token }: ClaimKey): Promise<void> {
  const { db } = context
  // An update of nothing, to hold the row as it is.
  const [row] = await db.all<LateRow>(
    sql`update tasks set token = token where id = ${id} and token = ${token} and ${hasLapsed}
        returning id, token, status, attempts, errors`,
  )
  if (row === undefined) return
  if (row.status === 'dead') await redriveTask(context, id)
  const holder = readErrors(row.errors).at(-1)?.agentId
  await db.all(
    sql`update tasks set status = 'running', attempts = ${row.attempts}, assigned_to = ${holder} where id = ${id}`,
  )
}
