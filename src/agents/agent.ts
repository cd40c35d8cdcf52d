import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Dialect } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { toDate } from '../util/time.ts'
import { hasLapsed } from './liveness.ts'

/** An agent as the registry knows it. */
export interface Agent {
  id: string
  /** What kind of agent; `unregistered` when it has memory here but never registered. */
  type: string
  capabilities: string[]
  state: Json | undefined
  swarmId: string | undefined
  metadata: Json | undefined
  /** Rises with every registration and is never used twice for an id, not even after a delete. */
  incarnation: number
  createdAt: Date
  /** When it was last seen alive: a registration, a heartbeat, or a write through a handle of its own. */
  lastActive: Date
  /** Seconds without a heartbeat or a write of its own after which it counts as gone; undefined for never. */
  ttl: number | undefined
  /** Computed at the moment of reading. Always true without a `ttl`. */
  alive: boolean
}

const agentColumns = {
  id: 'text',
  type: 'text',
  capabilities: 'text?',
  state: 'text?',
  swarm_id: 'text?',
  metadata: 'text?',
  incarnation: 'number',
  created_at: 'time',
  last_active: 'time',
  ttl_ms: 'number?',
  type_crc: 'number?',
  capabilities_crc: 'number?',
  state_crc: 'number?',
  metadata_crc: 'number?',
} as const satisfies Columns

export type AgentRow = RowOf<typeof agentColumns> & { alive: number }

const stored = listOf(agentColumns)

export function columns(dialect: Dialect): Sql {
  return sql`${stored}, case when ${hasLapsed(dialect)} then 0 else 1 end as alive`
}

export function fromRow(row: AgentRow): Agent {
  verified('agents', row)
  return {
    id: row.id,
    type: row.type,
    capabilities: row.capabilities === null ? [] : toNames(decodeLoose(row.capabilities)),
    state: row.state === null ? undefined : decodeLoose(row.state),
    swarmId: row.swarm_id ?? undefined,
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    incarnation: row.incarnation,
    createdAt: toDate(row.created_at),
    lastActive: toDate(row.last_active),
    ttl: row.ttl_ms === null ? undefined : row.ttl_ms / 1000,
    alive: row.alive === 1,
  }
}

/** A foreign writer may have put anything where an array of names belongs. */
function toNames(capabilities: Json): string[] {
  return Array.isArray(capabilities) ? capabilities.filter(name => typeof name === 'string') : []
}
