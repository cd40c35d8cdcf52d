import type { Context } from '../context.ts'
import { checkLeaseMs, leaseFor } from '../db/lease.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName, checkNames } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'
import { type TaskEvent, tell } from './events.ts'
import { isReady, prepareQueue } from './queue.ts'
import { type ClaimedTask, columns, fromRow, namesIn, type TaskRow } from './task.ts'

export interface ClaimOptions {
  /** Who claims. Default: the handle's agent. */
  agentId?: string | undefined
  /** What the claimant can do. Default: what the agent was registered with. */
  capabilities?: readonly string[] | undefined
  /** How many tasks at most: 1 to 1,000, default 1. */
  limit?: number | undefined
  /** How long the tasks are the claimant's unless it sends heartbeats: up to a day, default 30,000 ms. */
  leaseMs?: number | undefined
}

/** A checked claim. */
export interface Claim {
  agentId: string
  capabilities: readonly string[] | undefined
  limit: number
  leaseMs: number
}

/** Lanes that one statement reads: engines take so many parts of a union, SQLite 500. */
const maxLanes = 100

interface ClaimedRow extends TaskRow {
  token: number
  rank: number
}

export function checkClaim(context: Context, options: ClaimOptions): Claim {
  const agentId = options.agentId ?? context.agentId
  if (agentId === undefined) {
    throw new InvalidInput('a claim needs an agentId: who will do the work', {
      hint: 'Pass agentId, or open the memory as an agent: openMemory(location, { agentId }).',
    })
  }
  return {
    agentId: checkName('agentId', agentId),
    capabilities: options.capabilities && checkNames('capabilities', options.capabilities),
    limit: checkInteger('limit', options.limit ?? 1, 1, 1_000),
    leaseMs: checkLeaseMs(options.leaseMs),
  }
}

/**
 * Claims up to `limit` tasks, the first in order, each with a new token.
 * @param context its `db` is the transaction
 */
export async function claimTasks(context: Context, claim: Claim): Promise<ClaimedTask[]> {
  const lanes = (await prepareQueue(context)) ? await openLanes(context, claim) : []
  const first = await firstInOrder(context, lanes, claim.limit)
  const { dialect } = context.db
  const rows = await context.db.all<ClaimedRow>(
    sql`update tasks set status = 'running', assigned_to = ${claim.agentId}, attempts = attempts + 1,
          token = (select case when value > tasks.token then value else tasks.token end + 1
                   from hivewax_counters where name = 'floor'),
          ${leaseFor(dialect, claim.leaseMs)}, updated_at = ${dialect.now()}
        where id in (${first}) and status = 'pending'
        returning ${columns}, token, rank`,
  )
  await tell(context, rows.map(claimedEvent))
  return rows.sort((a, b) => a.rank - b.rank).map(row => toClaimed(row, claim))
}

/** The ids of the first ready tasks of the lane without requirements, and of these. */
async function firstInOrder(context: Context, lanes: readonly string[], limit: number): Promise<Sql> {
  if (lanes.length === 0) return sql`select id from (${headOf(context, undefined, limit)}) as head`
  if (lanes.length < maxLanes)
    return sql`select id from (${firstOf(context, [undefined, ...lanes], limit)}) as first`
  const first: { id: string; rank: number }[] = []
  for (const part of chunks([undefined, ...lanes], maxLanes)) {
    first.push(...(await context.db.all<{ id: string; rank: number }>(firstOf(context, part, limit))))
  }
  const ids = first.sort((a, b) => a.rank - b.rank).map(task => task.id)
  return ids.length === 0 ? raw('null') : join(ids.slice(0, limit))
}

/** The first tasks of several lanes together. */
function firstOf(context: Context, lanes: readonly (string | undefined)[], limit: number): Sql {
  const heads = lanes.map(lane => sql`select * from (${headOf(context, lane, limit)}) as head`)
  return sql`select id, rank from (${join(heads, ' union all ')}) as heads order by rank limit ${limit}`
}

/**
 * The first tasks of a lane. Tasks with the same requirements lie in the index in their order: reading the head of
 * each lane, and nothing of what the claimant cannot do, costs the same whatever the backlog.
 */
function headOf(context: Context, lane: string | undefined, limit: number): Sql {
  return sql`select id, rank from tasks where ${isReady} and ${lane === undefined ? sql`requires is null` : sql`requires = ${lane}`}
             order by rank limit ${limit} ${context.db.dialect.skipLocked}`
}

/** The lanes of ready tasks that require capabilities, all of which the claimant has. */
async function openLanes(context: Context, claim: Claim): Promise<string[]> {
  const lanes = await context.db.all<{ requires: string }>(
    sql`with recursive lane (requires) as (
          select min(requires) from tasks where ${isReady}
          union all
          select (select min(tasks.requires) from tasks where ${isReady} and tasks.requires > lane.requires)
          from lane where lane.requires is not null)
        select requires from lane where requires is not null`,
  )
  if (lanes.length === 0) return []
  const able = new Set(claim.capabilities ?? (await registeredCapabilities(context, claim.agentId)))
  return lanes.map(lane => lane.requires).filter(lane => namesIn(lane).every(name => able.has(name)))
}

async function registeredCapabilities(context: Context, agentId: string): Promise<string[]> {
  const [agent] = await context.db.all<{ capabilities: string | null }>(
    sql`select capabilities from agents where id = ${agentId}`,
  )
  return namesIn(agent?.capabilities ?? null)
}

function claimedEvent({ id, assigned_to, token, attempts }: ClaimedRow): TaskEvent {
  return {
    what: 'claimed',
    source: assigned_to,
    data: { taskId: id, status: 'running', attempt: attempts, token },
  }
}

function toClaimed(row: ClaimedRow, { leaseMs }: Claim): ClaimedTask {
  return { ...fromRow(row), token: row.token, attempt: row.attempts, leaseMs }
}
