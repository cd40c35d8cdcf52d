import type { Db } from '../db/db.ts'
import { isLeased } from '../db/lease.ts'
import { appendEvents } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { join, sql } from '../db/sql.ts'
import { hasLapsed } from './liveness.ts'

/** How much an agent holds. */
export interface Holdings {
  /** Keys of its memory. */
  memory: number
  /** Running tasks under an unexpired lease. */
  tasks: number
  /** Locks under an unexpired lease. */
  locks: number
}

/** An agent whose liveness has lapsed, and what it had to give back. */
export interface LapsedAgent {
  id: string
  incarnation: number
  swarmId: string | undefined
  /** Ids of the tasks that can be claimed again. */
  tasks: string[]
  /** Names of the locks that others can acquire, after their delay for dead holders. */
  locks: string[]
}

/** Agents released in one transaction: few enough to hold the store's lock for a moment only. */
const batchSize = 100

export async function holdings(db: Db, agentId: string): Promise<Holdings> {
  const leased = isLeased(db.dialect)
  const rows = await db.all<Holdings>(
    sql`select (select count(*) from agent_memory where agent_id = ${agentId}) as memory,
          (select count(*) from tasks where assigned_to = ${agentId} and status = 'running' and ${leased}) as tasks,
          (select count(*) from hivewax_locks where owner = ${agentId} and ${leased}) as locks`,
  )
  return theRow(rows)
}

/**
 * Ends the leases of agents within `tx`. The rows otherwise stay as they are: to the claim of a task and to the
 * next holder of a lock, a lease ended here is one that has expired by itself.
 */
export async function endLeases(
  tx: Db,
  agentIds: readonly string[],
): Promise<{ tasks: Lease[]; locks: Lease[] }> {
  const leased = isLeased(tx.dialect)
  const tasks = await tx.all<Lease>(
    sql`update tasks set lease_until = ${tx.dialect.leaseNow()}
        where assigned_to in (${join(agentIds)}) and status = 'running' and ${leased}
        returning id as name, assigned_to as owner`,
  )
  const locks = await tx.all<Lease>(
    sql`update hivewax_locks set lease_until = ${tx.dialect.leaseNow()}
        where owner in (${join(agentIds)}) and ${leased} returning name, owner`,
  )
  return { tasks, locks }
}

interface Lease {
  name: string
  owner: string
}

interface LapsedRow {
  id: string
  incarnation: number
  swarm_id: string | null
}

/**
 * Within `tx`, ends the leases of up to 100 agents that have lapsed and logs an event `agent.lapsed` for each.
 * An agent is marked as it is found, and a sign of life takes the mark away: each lapse is handled once.
 * @param source who noticed, for the events
 */
export async function releaseLapsedBatch(tx: Db, source: string): Promise<LapsedAgent[]> {
  const lapsed = sql`lapsed_at is null and ${hasLapsed(tx.dialect)}`
  const rows = await tx.all<LapsedRow>(
    sql`update agents set lapsed_at = ${tx.dialect.now()}
        where ${lapsed} and id in (select id from agents where ${lapsed} order by id limit ${batchSize})
        returning id, incarnation, swarm_id`,
  )
  if (rows.length === 0) return []
  const ended = await endLeases(
    tx,
    rows.map(row => row.id),
  )
  const agents = rows
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(row => ({
      id: row.id,
      incarnation: row.incarnation,
      swarmId: row.swarm_id ?? undefined,
      tasks: namesOf(ended.tasks, row.id),
      locks: namesOf(ended.locks, row.id),
    }))
  await appendEvents(
    tx,
    agents.map(agent => lapseEvent(agent, source)),
  )
  return agents
}

function namesOf(leases: readonly Lease[], owner: string): string[] {
  return leases
    .filter(lease => lease.owner === owner)
    .map(lease => lease.name)
    .sort()
}

function lapseEvent({ id, swarmId, ...rest }: LapsedAgent, source: string) {
  return { type: 'agent.lapsed', source, data: { agentId: id, swarmId: swarmId ?? null, ...rest } }
}
