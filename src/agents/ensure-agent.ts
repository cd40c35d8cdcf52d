import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'

/** The type of agents that were never registered: their row is there for what refers to it. */
export const unregistered = 'unregistered'

/** What a new row's incarnation begins with, so that none is used twice for an id. */
export const firstIncarnation = sql`(select value + 1 from hivewax_counters where name = 'floor')`

/** Makes sure, within `tx`, that an agent has a row to refer to. */
export async function ensureAgent(tx: Db, agentId: string): Promise<void> {
  const crc = tx.dialect.checksum('agents', 'type_crc', { id: agentId, type: unregistered, swarm_id: null })
  await tx.all(
    sql`insert into agents (id, type, created_at, last_active, incarnation, type_crc)
        values (${agentId}, ${unregistered}, ${tx.dialect.now()}, ${tx.dialect.now()}, ${firstIncarnation}, ${crc})
        on conflict (id) do nothing returning ${tx.dialect.assertAboveFloor(sql`agents`, sql`incarnation`)} as issued`,
  )
}
