import type { Context } from '../context.ts'
import type { Db, DbTransactionOptions } from '../db/db.ts'
import { isLeased } from '../db/lease.ts'
import { asUpkeep } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { Conflict, isTransient } from '../errors.ts'
import { type AgentKey, appendAgentEvents, type Released } from './agent-changes.ts'
import { endLost } from './connections.ts'
import { type Leased, leaseTables } from './lease-tables.ts'
import { hasLapsed, isPresent } from './liveness.ts'

/** How much an agent holds: keys of its memory, and what it has under an unexpired lease. */
type Holdings = Record<'memory' | Leased, number>

/** An agent whose liveness has lapsed, and what it had to give back. */
export interface LapsedAgent extends AgentKey, Released {}

/** Agents released in one transaction: few enough to hold the store's lock for a moment only. */
const batchSize = 100

const leased: readonly Leased[] = ['tasks', 'locks', 'reservations', 'leases', 'groups', 'workflows']

/** What an agent holds, as people call it. */
const heldAs: Record<keyof Holdings, string> = {
  memory: 'keys of memory',
  tasks: 'running tasks',
  locks: 'locks',
  reservations: 'reservations of files',
  leases: 'leases of shared state',
  groups: 'consumer groups',
  workflows: 'workflows',
}

/** @throws Conflict when an agent still has memory, or anything under a lease */
export async function assertHoldsNothing(tx: Db, agentId: string): Promise<void> {
  const held = await holdings(tx, agentId)
  const parts = Object.entries(heldAs).flatMap(([kind, name]) => {
    const count = held[kind as keyof Holdings]
    return count === 0 ? [] : [`${count} ${name}`]
  })
  if (parts.length === 0) return
  throw new Conflict(`agent ${JSON.stringify(agentId)} still has ${parts.join(', ')}`, {
    hint: 'Delete it with cascade to let them go, or wait until it is done.',
    details: { agentId, ...held },
  })
}

async function holdings(db: Db, agentId: string): Promise<Holdings> {
  const counts = leased.map(kind => {
    const { table } = leaseTables[kind]
    return sql`(select count(*) from ${table} where ${isHeldBy(db, kind, [agentId])})`
  })
  const [tasks, locks, reservations, leases, groups, workflows] = counts
  const rows = await db.all<Holdings>(
    sql`select (select count(*) from agent_memory where agent_id = ${agentId}) as memory, ${tasks} as tasks,
          ${locks} as locks, ${reservations} as reservations, ${leases} as leases, ${groups} as groups, ${workflows} as workflows`,
  )
  return theRow(rows)
}

/** The running tasks and the locks that agents hold at this moment, sorted, by agent. */
export async function workOf(
  db: Db,
  agentIds: readonly string[],
): Promise<Map<string, { tasks: string[]; locks: string[] }>> {
  if (agentIds.length === 0) return new Map()
  const held = (kind: Leased) => {
    const { table, name, owner } = leaseTables[kind]
    return sql`select ${kind} as kind, ${name} as name, ${owner} as owner from ${table}
               where ${isHeldBy(db, kind, agentIds)}`
  }
  const rows = await db.all<Lease & { kind: Leased }>(sql`${held('tasks')} union all ${held('locks')}`)
  const of = (owner: string, kind: Leased) =>
    namesOf(
      rows.filter(row => row.kind === kind),
      owner,
    )
  return new Map(agentIds.map(id => [id, { tasks: of(id, 'tasks'), locks: of(id, 'locks') }]))
}

/**
 * Within `tx`, ends the leases of agents and takes them out of the topologies. The rows otherwise stay as they are:
 * for every later holder, a lease ended here is one that has expired by itself. The events name `source` as who ended them.
 */
export async function releaseAll<T extends AgentKey>(
  { crossDomain }: Pick<Context, 'crossDomain'>,
  tx: Db,
  { agents, source }: { agents: readonly T[]; source: string },
): Promise<(T & Released)[]> {
  const ids = agents.map(agent => agent.id)
  const ended = new Map<Leased, Lease[]>()
  for (const kind of leased) ended.set(kind, await endLeases(tx, kind, ids))
  const repaired = await crossDomain.loseNodes(tx, ids, source)
  const names = (kind: Leased, id: string) => namesOf(ended.get(kind) ?? [], id)
  return agents.map(agent => ({
    ...agent,
    tasks: names('tasks', agent.id),
    locks: names('locks', agent.id),
    reservations: names('reservations', agent.id),
    leases: names('leases', agent.id),
    groups: names('groups', agent.id),
    workflows: names('workflows', agent.id),
    topologies: repaired.filter(({ lost }) => lost.includes(agent.id)).map(({ swarmId }) => swarmId),
  }))
}

interface Lease {
  name: string
  owner: string
}

async function endLeases(tx: Db, kind: Leased, agentIds: readonly string[]): Promise<Lease[]> {
  const { table, name, owner } = leaseTables[kind]
  return tx.all<Lease>(
    sql`update ${table} set lease_until = ${tx.dialect.leaseNow()}
        where ${isHeldBy(tx, kind, agentIds)} returning ${name} as name, ${owner} as owner`,
  )
}

function isHeldBy({ dialect }: Db, kind: Leased, agentIds: readonly string[]): Sql {
  const { owner, where, lease } = leaseTables[kind]
  return sql`${owner} in (${join(agentIds)}) and ${where} and ${isLeased(dialect, lease)}`
}

function namesOf(leases: readonly Lease[], owner: string): string[] {
  return leases
    .filter(lease => lease.owner === owner)
    .map(lease => lease.name)
    .sort()
}

/** Within `tx`, ends the life of one agent and releases what it holds; undefined when there is none such. */
export async function endLife(
  context: Pick<Context, 'agentId' | 'crossDomain'>,
  tx: Db,
  { id, incarnation }: { id: string; incarnation: number | undefined },
): Promise<LapsedAgent | undefined> {
  const rows = await tx.all<LapsedRow>(
    sql`update agents set lapsed_at = ${tx.dialect.now()}, alive_until = ${tx.dialect.leaseNow()}
        where id = ${id} and incarnation = coalesce(${incarnation}, incarnation)
        returning id, incarnation, swarm_id`,
  )
  if (rows.length === 0) return undefined
  const source = context.agentId ?? 'system'
  const released = await releaseAll(context, tx, { agents: rows.map(toAgentKey), source })
  await appendAgentEvents(tx, { change: 'lapsed', agents: released, source })
  return released[0]
}

/**
 * Before a list is read: agents whose processes are over have lapsed. It waits for no other writer, and where the store
 * cannot be written the list tells of them as they were.
 */
export async function releaseLost(
  context: Pick<Context, 'storeDb' | 'agentId' | 'crossDomain'>,
): Promise<void> {
  const { storeDb: db } = context
  if (db === undefined) return
  try {
    if (await endLost(db, { atOnce: true })) await releaseLapsed({ ...context, db }, { atOnce: true })
  } catch (error) {
    if (!isTransient(error)) throw error
  }
}

/** See {@link Agents.releaseLapsed}. */
export async function releaseLapsed(
  context: Pick<Context, 'db' | 'agentId' | 'crossDomain'>,
  options?: DbTransactionOptions,
): Promise<LapsedAgent[]> {
  const { db } = context
  const released: LapsedAgent[] = []
  await endLost(db, options)
  // Looking first: with nothing to do, which is the rule, no writer has to wait.
  while (await anyLapsed(db)) {
    released.push(...(await db.transaction(tx => releaseLapsedBatch(context, tx), options)))
  }
  return released
}

async function anyLapsed(db: Db): Promise<boolean> {
  const rows = await db.all(
    sql`select id from agents where ${isPresent} and lapsed_at is null and ${hasLapsed(db.dialect)} limit 1`,
  )
  return rows.length > 0
}

interface LapsedRow {
  id: string
  incarnation: number
  swarm_id: string | null
}

/**
 * Within `tx`, releases what up to 100 agents that have lapsed hold, and logs an event `agent.lapsed` for each.
 * An agent is marked as it is found, and a heartbeat takes the mark away: each lapse is handled once. Whoever finds it, the
 * store writes it in its own name.
 * @param id looks at that agent only
 */
export async function releaseLapsedBatch(
  context: Pick<Context, 'agentId' | 'crossDomain'>,
  tx: Db,
  id?: string,
): Promise<LapsedAgent[]> {
  const { db } = asUpkeep({ ...context, db: tx })
  const source = 'system'
  const wanted = id === undefined ? sql`1 = 1` : sql`id = ${id}`
  const lapsed = sql`${wanted} and ${isPresent} and lapsed_at is null and ${hasLapsed(db.dialect)}`
  const rows = await db.all<LapsedRow>(
    sql`update agents set lapsed_at = ${db.dialect.now()}
        where ${lapsed} and id in (select id from agents where ${lapsed} order by id limit ${batchSize})
        returning id, incarnation, swarm_id`,
  )
  if (rows.length === 0) return []
  const agents = rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map(toAgentKey)
  const released = await releaseAll(context, db, { agents, source })
  await appendAgentEvents(db, { change: 'lapsed', agents: released, source })
  return released
}

/** An agent's row as its events name it. */
export function toAgentKey({ id, incarnation, swarm_id }: LapsedRow): AgentKey {
  return { id, incarnation, swarmId: swarm_id ?? undefined }
}
