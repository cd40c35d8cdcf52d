import type { Db, Dialect } from '../db/db.ts'
import { readInSlices, type Slice, type SlicesOptions } from '../db/slices.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkName, checkNames } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { type Agent, type AgentRow, columns, fromRow } from './agent.ts'
import { hasLapsed, isPresent } from './liveness.ts'

export interface AgentFilter extends PageOptions {
  swarmId?: string | undefined
  type?: string | undefined
  /** Only agents that have all these capabilities. */
  capabilities?: readonly string[] | undefined
  /** Only agents that are alive, or only those that are not. */
  alive?: boolean | undefined
}

/** See {@link Agents.list}. */
export async function listAgents(db: Db, filter: AgentFilter): Promise<Page<Agent>> {
  const limit = pageLimit(filter.limit)
  const [after] = cursorPosition(filter.cursor, 1) ?? []
  const rows = await readRows(db, filter, { after, limit: limit + 1, signal: filter.signal })
  return toPage(rows, limit, { item: fromRow, position: row => [row.id] })
}

type Id = string | number

function readRows(db: Db, filter: AgentFilter, options: SlicesOptions<Id>): Promise<AgentRow[]> {
  const read = ({ after, end }: Slice<Id>, limit: number) => {
    const upTo = end === undefined ? sql`1 = 1` : sql`id <= ${end}`
    const where = sql`${served(filter)} and ${behind(after)} and ${upTo} and ${matches(db.dialect, filter)}`
    return db.all<AgentRow>(
      sql`select ${columns(db.dialect)} from agents where ${where} order by id limit ${limit}`,
    )
  }
  const { type, capabilities, alive } = filter
  const isServed = type === undefined && capabilities === undefined && alive !== false
  if (isServed) return read({ after: options.after, end: undefined }, options.limit)
  const endOf = async (after: Id | undefined, size: number): Promise<Id | undefined> => {
    const where = sql`${served(filter)} and ${behind(after)}`
    const rows = await db.all<{ id: string }>(
      sql`select id from agents where ${where} order by id limit 1 offset ${size - 1}`,
    )
    return rows[0]?.id
  }
  return readInSlices({ endOf, read }, options)
}

function behind(id: Id | undefined): Sql {
  return id === undefined ? sql`1 = 1` : sql`id > ${id}`
}

/** The conditions that indexes have, each with the ids in order. */
function served({ swarmId, alive }: AgentFilter): Sql {
  if (swarmId !== undefined) return sql`swarm_id = ${checkName('swarmId', swarmId)}`
  return alive ? isPresent : sql`1 = 1`
}

/** The others, which each agent is asked for. */
function matches(dialect: Dialect, { type, capabilities, alive }: AgentFilter): Sql {
  const parts = [sql`1 = 1`]
  if (type !== undefined) parts.push(sql`type = ${checkName('type', type)}`)
  for (const name of checkNames('capabilities', capabilities ?? []))
    parts.push(dialect.jsonArrayHas(sql`capabilities`, name))
  if (alive !== undefined) parts.push(alive ? sql`not ${hasLapsed(dialect)}` : hasLapsed(dialect))
  return join(parts, ' and ')
}
