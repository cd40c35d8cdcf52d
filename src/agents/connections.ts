import type { Db, DbTransactionOptions } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { isOver, ownMark } from '../util/process-life.ts'
import { hasLapsed } from './liveness.ts'

/** One of the connections by which an agent comes. */
export interface AgentConnection {
  /** The agent's id. */
  readonly id: string
  /** The connection's own, such as a UUID. */
  readonly connection: string
}

interface ConnectionRow {
  agent_id: string
  connection: string
  process: string
}

/** See `Agents.connect`. */
export async function connectAgent(db: Db, { id, connection }: AgentConnection): Promise<void> {
  const isOwn = sql`agent_id = ${id} and connection = ${connection}`
  const known = await db.all(sql`select 1 as known from hivewax_agent_connections where ${isOwn}`)
  if (known.length > 0) return
  const mark = ownMark()
  await db.transaction(async tx => {
    const { dialect } = tx
    await tx.all(dialect.lockKeys('agents', [[id]]))
    // Those of a life that is over, of whose processes nothing was known.
    await tx.all(
      sql`delete from hivewax_agent_connections where agent_id = ${id}
          and not exists (select 1 from agents where id = ${id} and not ${hasLapsed(dialect)})`,
    )
    await tx.all(
      sql`insert into hivewax_agent_connections (agent_id, connection, machine, process)
          values (${id}, ${connection}, ${dialect.machine(mark?.machine)}, ${mark?.process})
          on conflict (agent_id, connection) do nothing`,
    )
  })
}

/** See `Agents.disconnect`. */
export async function disconnectAgent(db: Db, { id, connection }: AgentConnection): Promise<boolean> {
  await endLost(db)
  return db.transaction(async tx => {
    await tx.all(tx.dialect.lockKeys('agents', [[id]]))
    await tx.all(
      sql`delete from hivewax_agent_connections where agent_id = ${id} and connection = ${connection}`,
    )
    return (await connectionsOf(tx, id)).length > 0
  })
}

function connectionsOf(db: Db, id: string): Promise<object[]> {
  return db.all(sql`select 1 as one from hivewax_agent_connections where agent_id = ${id} limit 1`)
}

/**
 * Ends the life of agents of whose connections none is left, since the processes that had them are over. That of others,
 * of whose processes nothing is known here, ends with their ttl.
 * @returns whether there was a process that is over
 */
export async function endLost(db: Db, options?: DbTransactionOptions): Promise<boolean> {
  const here = ownMark()?.machine
  if (here === undefined) return false
  const rows = await db.all<ConnectionRow>(
    sql`select agent_id, connection, process from hivewax_agent_connections
        where machine = ${db.dialect.machine(here)}`,
  )
  const lost = Map.groupBy(
    rows.filter(({ process }) => isOver(process)),
    ({ agent_id }) => agent_id,
  )
  for (const [id, connections] of lost)
    await db.transaction(tx => endConnections(tx, id, connections), options)
  return lost.size > 0
}

async function endConnections(tx: Db, id: string, lost: readonly ConnectionRow[]): Promise<void> {
  const { dialect } = tx
  await tx.all(dialect.lockKeys('agents', [[id]]))
  const names = lost.map(({ connection }) => connection)
  const ended = await tx.all(
    sql`delete from hivewax_agent_connections
        where agent_id = ${id} and ${dialect.inList(sql`connection`, names)} returning connection`,
  )
  // Another process may have noticed it, and the agent be back.
  if (ended.length === 0 || (await connectionsOf(tx, id)).length > 0) return
  await tx.all(
    sql`update agents set alive_until = ${dialect.leaseNow()} where id = ${id} and lapsed_at is null`,
  )
}
