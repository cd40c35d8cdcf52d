import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { oneLocked } from '../db/locked-records.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { describe } from '../util/check.ts'
import { decodeLoose, isObject, type Json } from '../util/json.ts'
import { toDate } from '../util/time.ts'
import { type NewEdge, toEdge } from './build.ts'
import type { Edge, Node } from './node-graph.ts'
import type { TopologyType } from './shapes.ts'

/** How a swarm is wired, in one version. */
export interface SwarmTopology {
  swarmId: string
  topologyType: TopologyType
  /** As they were saved: ids, or objects with an `id`. */
  nodes: Node[]
  /** In their long form, those that the type made included. They lead both ways. */
  edges: Edge[]
  metadata: Json | undefined
  /** Rises with every save of the swarm and is never used twice, not even after a delete. */
  version: number
  createdAt: Date
  /** Who saved this version; undefined when that is not known. */
  author: Author | undefined
}

const topologyColumns = {
  id: 'number',
  swarm_id: 'text',
  topology_type: 'text',
  nodes: 'text',
  edges: 'text?',
  metadata: 'text?',
  version: 'number',
  created_at: 'time',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

export type TopologyRow = RowOf<typeof topologyColumns> & { topology_type: TopologyType }

/** What a version says, as JSON texts. */
export interface NewVersion {
  type: TopologyType
  nodes: string
  edges: string
  metadata: string | null
}

export interface VersionOf {
  swarmId: string
  /** The version that the latest one must have. */
  expected?: number | undefined
}

export const columns = listOf(topologyColumns)

/** How many versions of a swarm are kept. */
const keptVersions = 100

/**
 * Within `tx`, saves what `make` makes of a swarm's latest topology, as its next version.
 * @throws Conflict when the latest is not the expected one
 */
export async function saveVersion(
  tx: Db,
  { swarmId, expected }: VersionOf,
  make: (latest: TopologyRow | undefined) => NewVersion,
): Promise<SwarmTopology> {
  const floor = await lockTopologies(tx)
  const row = await latest(tx, swarmId)
  const current = row?.version ?? 0
  if (expected !== undefined && expected !== current) throw moved(swarmId, current, expected)
  const made = make(row)
  const version = Math.max(current, floor) + 1
  const { type: topology_type, ...rest } = made
  const { author } = tx
  const given = { swarm_id: swarmId, topology_type, ...rest, author }
  const crc = tx.dialect.checksum('swarm_topology', 'crc', given)
  const saved = await tx.all<TopologyRow>(
    sql`insert into swarm_topology (swarm_id, topology_type, nodes, edges, metadata, version, created_at, author, crc)
        values (${swarmId}, ${made.type}, ${made.nodes}, ${made.edges}, ${made.metadata}, ${version},
                ${tx.dialect.now()}, ${author}, ${crc})
        returning ${columns}`,
  )
  const oldest = version - keptVersions + 1
  await tx.all(sql`delete from swarm_topology where swarm_id = ${swarmId} and version < ${oldest}`)
  return fromRow(theRow(saved))
}

/**
 * Makes those who change topologies wait for each other where the engine lets several write.
 * @returns the floor, up to which no version is ever issued
 */
export async function lockTopologies(tx: Db): Promise<number> {
  const rows = await tx.all<{ value: number }>(
    sql`update hivewax_counters set value = value where name = 'floor' returning value`,
  )
  return theRow(rows).value
}

/** The latest version of a swarm's topology; undefined when there is none. A caller's transaction locks as above. */
export async function latest(db: Db, swarmId: string): Promise<TopologyRow | undefined> {
  return oneLocked<TopologyRow>(db, { table: 'hivewax_counters', key: 'floor' }, latestOf(swarmId))
}

/**
 * A table `swarms` of the names behind one, in order: one step of the index for each, however many versions there are.
 */
export function swarms(after: string | number, limit?: number): Sql {
  const isWanted = limit === undefined ? sql`1 = 1` : sql`place < ${limit}`
  const next = (name: Sql) => sql`select min(swarm_id) from swarm_topology where swarm_id > ${name}`
  return sql`with recursive swarms (name, place) as (
    select (${next(sql`${after}`)}), 1
    union all
    select (${next(sql`swarms.name`)}), place + 1 from swarms where name is not null and ${isWanted})`
}

/** The ids of the latest versions of the table `swarms`. */
export const latestIds = sql`select (
    select id from swarm_topology where swarm_id = swarms.name order by version desc, id desc limit 1)
  from swarms where name is not null`

/** The row, or NotFound when the swarm has no topology. */
export function found(row: TopologyRow | undefined, swarmId: string): TopologyRow {
  if (row !== undefined) return row
  throw new NotFound(`swarm ${describe(swarmId)} has no topology`, {
    hint: 'Save one first.',
    details: { swarmId },
  })
}

export function fromRow(row: TopologyRow): SwarmTopology {
  verified('swarm_topology', row)
  return {
    swarmId: row.swarm_id,
    topologyType: row.topology_type,
    // What we wrote has been checked; a foreign writer's row is shown as far as it is a list of such things.
    nodes: readList(row.nodes).filter(node => typeof node === 'string' || isObject(node)) as Node[],
    edges: (readList(row.edges).filter(edge => Array.isArray(edge) || isObject(edge)) as NewEdge[]).map(
      toEdge,
    ),
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    version: row.version,
    createdAt: toDate(row.created_at),
    author: decodeAuthor(row.author),
  }
}

function latestOf(swarmId: string): Sql {
  return sql`select ${columns} from swarm_topology where swarm_id = ${swarmId}
             order by version desc, id desc limit 1`
}

function moved(swarmId: string, current: number, expected: number): Conflict {
  return new Conflict(`the topology of swarm ${describe(swarmId)} has version ${current}, not ${expected}`, {
    hint: 'Read it again, then decide anew.',
    details: { swarmId, version: current },
  })
}

function readList(text: string | null): Json[] {
  const list = text === null ? [] : decodeLoose(text)
  return Array.isArray(list) ? list : []
}
