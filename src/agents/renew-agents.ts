import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { appendAgentEvents } from './agent-changes.ts'
import { toAgentKey } from './holdings.ts'
import { heartbeatAssignments, revivalAssignments } from './liveness.ts'

interface RenewedRow {
  id: string
  ttl_ms: number | null
}

interface RevivedRow extends RenewedRow {
  incarnation: number
  swarm_id: string | null
}

/**
 * Notes a heartbeat of these agents now, in one statement however many they are. Those whose lapse was handled
 * are revived, with an event each in the same transaction. An agent that is not registered has nothing to renew.
 * @returns the ttl of each agent that there is, in milliseconds; null: it never lapses
 */
export async function renewAgents(db: Db, agentIds: readonly string[]): Promise<Map<string, number | null>> {
  const { dialect } = db
  const rows = await db.all<RenewedRow>(
    sql`update agents set ${heartbeatAssignments(dialect)} where ${dialect.inList(sql`id`, agentIds)} and lapsed_at is null
        returning id, ttl_ms`,
  )
  const ttls = new Map(rows.map(row => [row.id, row.ttl_ms]))
  const others = agentIds.filter(id => !ttls.has(id))
  const revived = others.length === 0 ? [] : await revive(db, others)
  for (const row of revived) ttls.set(row.id, row.ttl_ms)
  return ttls
}

async function revive(db: Db, agentIds: readonly string[]): Promise<RenewedRow[]> {
  const isGone = sql`${db.dialect.inList(sql`id`, agentIds)} and lapsed_at is not null`
  // Reads first: an agent that is not registered needs no transaction.
  if ((await db.all(sql`select id from agents where ${isGone} limit 1`)).length === 0) return []
  return db.transaction(async tx => {
    const rows = await tx.all<RevivedRow>(
      sql`update agents set ${revivalAssignments(tx.dialect)} where ${isGone} returning id, ttl_ms, incarnation, swarm_id`,
    )
    for (const row of rows)
      await appendAgentEvents(tx, { change: 'revived', agents: [toAgentKey(row)], source: row.id })
    return rows
  })
}
