import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { checkInteger, checkName, describe } from '../util/check.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { buildGraph, type NewEdge, toEdge } from './build.ts'
import { components, type Edge, type Node, neighbors, shortestPath } from './graph.ts'
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
}

export interface NewTopology {
  swarmId: string
  /** The form that the edges must have: `star`, `ring`, `mesh`, `hierarchical`, or `custom` for any. */
  topologyType: TopologyType
  /** Up to 10,000, without duplicates. */
  nodes: readonly Node[]
  /**
   * Up to 100,000. Default: those of the type, which are a star around the first node, a ring in the order
   * given, all pairs of a mesh, a binary tree level by level for `hierarchical`, none for `custom`.
   */
  edges?: readonly NewEdge[] | undefined
  metadata?: unknown
  /**
   * Save only when the swarm's latest version is this one (0: it has none); else Conflict with the latest.
   */
  expectedVersion?: number | undefined
}

interface TopologyRow {
  id: number
  swarm_id: string
  topology_type: TopologyType
  nodes: string
  edges: string | null
  metadata: string | null
  version: number
  created_at: string
}

const columns = sql`id, swarm_id, topology_type, nodes, edges, metadata, version, created_at`

/** How many versions of a swarm are kept. */
const keptVersions = 100

/**
 * How swarms are wired: who talks to whom, in the form that its type demands, every version kept for a while.
 */
export class Topology {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Saves a new version; the last 100 are kept. InvalidInput names the node that breaks the form of the type.
   */
  async save(topology: NewTopology): Promise<SwarmTopology> {
    const record = this.#checked(topology)
    const row = await this.#context.db.transaction(async tx => {
      const version = await nextVersion(tx, record)
      const [saved] = await tx.all<TopologyRow>(
        sql`insert into swarm_topology (swarm_id, topology_type, nodes, edges, metadata, version, created_at)
            values (${record.swarmId}, ${record.type}, ${record.nodes}, ${record.edges}, ${record.metadata},
                    ${version}, ${tx.dialect.now()})
            returning ${columns}`,
      )
      const oldest = version - keptVersions + 1
      await tx.all(sql`delete from swarm_topology where swarm_id = ${record.swarmId} and version < ${oldest}`)
      return saved
    })
    return found(row, record.swarmId)
  }

  /**
   * The latest topology of a swarm, or one version of it; undefined when there is none, or it is kept no
   * more.
   */
  async get(
    swarmId: string,
    options: { version?: number | undefined } = {},
  ): Promise<SwarmTopology | undefined> {
    const id = checkName('swarmId', swarmId)
    const version = options.version === undefined ? undefined : checkInteger('version', options.version, 1)
    const [row] = await this.#context.db.all<TopologyRow>(
      version === undefined ? latest(id) : ofVersion(id, version),
    )
    return row && fromRow(row)
  }

  /** The latest topology of every swarm, by the swarm's id. */
  async list(options: PageOptions = {}): Promise<Page<SwarmTopology>> {
    const limit = pageLimit(options.limit)
    const [after = ''] = cursorPosition(options.cursor, 1) ?? []
    const rows = await this.#context.db.all<TopologyRow>(
      sql`select ${columns} from swarm_topology
          where swarm_id > ${after} and not exists (
            select 1 from swarm_topology as later where later.swarm_id = swarm_topology.swarm_id
              and (later.version, later.id) > (swarm_topology.version, swarm_topology.id)
          )
          order by swarm_id limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.swarm_id])
  }

  /** The versions of a swarm's topology that are kept, the latest first. */
  async history(swarmId: string, options: PageOptions = {}): Promise<Page<SwarmTopology>> {
    const limit = pageLimit(options.limit)
    const before = cursorPosition(options.cursor, 2)
    const rows = await this.#context.db.all<TopologyRow>(
      sql`select ${columns} from swarm_topology where swarm_id = ${checkName('swarmId', swarmId)}
            and ${before === undefined ? sql`1 = 1` : sql`(version, id) < (${before[0]}, ${before[1]})`}
          order by version desc, id desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.version, row.id])
  }

  /** The nodes that a node is linked to, in the order of the nodes. NotFound for an unknown swarm or node. */
  async neighbors(swarmId: string, node: string): Promise<string[]> {
    return neighbors(await this.#latest(swarmId), node)
  }

  /**
   * The nodes of the way with the least total weight, both ends included; undefined when there is no way.
   * NotFound for an unknown swarm or node.
   */
  async path(swarmId: string, from: string, to: string): Promise<string[] | undefined> {
    return shortestPath(await this.#latest(swarmId), from, to)
  }

  /** The parts of the swarm that no link joins, each the ids of its nodes. NotFound for an unknown swarm. */
  async components(swarmId: string): Promise<string[][]> {
    return components(await this.#latest(swarmId))
  }

  /** Deletes a swarm's topology with its history. False when there was none. */
  async delete(swarmId: string): Promise<boolean> {
    const rows = await this.#context.db.all(
      sql`delete from swarm_topology where swarm_id = ${checkName('swarmId', swarmId)} returning id`,
    )
    return rows.length > 0
  }

  async #latest(swarmId: string): Promise<SwarmTopology> {
    const id = checkName('swarmId', swarmId)
    const [row] = await this.#context.db.all<TopologyRow>(latest(id))
    return found(row, id)
  }

  #checked({ swarmId, topologyType, nodes, edges, metadata, expectedVersion }: NewTopology): CheckedTopology {
    const { maxValueBytes } = this.#context
    const graph = buildGraph(topologyType, nodes, edges)
    return {
      swarmId: checkName('swarmId', swarmId),
      type: topologyType,
      nodes: encodeJson('nodes', graph.nodes, maxValueBytes),
      edges: encodeJson('edges', graph.edges, maxValueBytes),
      metadata: metadata === undefined ? undefined : encodeJson('metadata', metadata, maxValueBytes),
      expected:
        expectedVersion === undefined ? undefined : checkInteger('expectedVersion', expectedVersion, 0),
    }
  }
}

interface CheckedTopology {
  swarmId: string
  type: TopologyType
  nodes: string
  edges: string
  metadata: string | undefined
  expected: number | undefined
}

/** The version that the next save of a swarm gets, or Conflict when its latest is not the expected one. */
async function nextVersion(tx: Db, { swarmId, expected }: CheckedTopology): Promise<number> {
  // Writing the floor's row makes savers wait for each other where the engine lets several write.
  const [floor] = await tx.all<{ value: number }>(
    sql`update hivewax_counters set value = value where name = 'floor' returning value`,
  )
  const [row] = await tx.all<TopologyRow>(latest(swarmId))
  const current = row?.version ?? 0
  if (expected === undefined || expected === current) return Math.max(current, floor?.value ?? 0) + 1
  throw new Conflict(`the topology of swarm ${describe(swarmId)} has version ${current}, not ${expected}`, {
    hint: 'Read it again, then decide anew.',
    details: { swarmId, version: current },
  })
}

function latest(swarmId: string): Sql {
  return sql`select ${columns} from swarm_topology where swarm_id = ${swarmId}
             order by version desc, id desc limit 1`
}

function ofVersion(swarmId: string, version: number): Sql {
  return sql`select ${columns} from swarm_topology where swarm_id = ${swarmId} and version = ${version}
             order by id desc limit 1`
}

function found(row: TopologyRow | undefined, swarmId: string): SwarmTopology {
  if (row !== undefined) return fromRow(row)
  throw new NotFound(`swarm ${describe(swarmId)} has no topology`, {
    hint: 'Save one first.',
    details: { swarmId },
  })
}

function fromRow(row: TopologyRow): SwarmTopology {
  return {
    swarmId: row.swarm_id,
    topologyType: row.topology_type,
    // What `save` wrote has been checked; a foreign writer's row is shown as far as it is a list.
    nodes: readList(row.nodes) as Node[],
    edges: (readList(row.edges) as (Edge | [string, string])[]).map(toEdge),
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    version: row.version,
    createdAt: toDate(row.created_at),
  }
}

function readList(text: string | null): Json[] {
  const list = text === null ? [] : decodeLoose(text)
  return Array.isArray(list) ? list : []
}
