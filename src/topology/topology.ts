import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { checkInteger, checkName, describe } from '../util/check.ts'
import { encodeJson } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { buildGraph, type NewEdge } from './build.ts'
import { repair } from './losses.ts'
import { components, type Graph, type Node, neighbors, nodeId, shortestPath } from './node-graph.ts'
import { checkTopology } from './option-names.ts'
import { withNode } from './repair.ts'
import type { TopologyType } from './shapes.ts'
import {
  columns,
  found,
  fromRow,
  latest,
  latestIds,
  lockTopologies,
  type NewVersion,
  type SwarmTopology,
  saveVersion,
  swarms,
  type TopologyRow,
} from './versions.ts'

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

export interface ChangeNodeOptions {
  /** Change only the swarm's latest version when it is this one; else Conflict with the latest. */
  expectedVersion?: number | undefined
}

export interface AddNodeOptions extends ChangeNodeOptions {
  /**
   * The links of the node. Default: those that the type asks for, which are one to the hub of a star, the place
   * where a ring closes, all others in a mesh, one from the first node of a tree, level by level, that has fewer
   * than two children, none for `custom`.
   */
  edges?: readonly NewEdge[] | undefined
}

/**
 * How swarms are wired: which nodes are linked, in the form that its type demands, every version kept for a while.
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
    checkTopology.save(topology)
    const swarm = swarmOf(topology.swarmId, topology)
    const { topologyType, nodes, edges, metadata } = topology
    const version = {
      ...this.#encode(topologyType, buildGraph(topologyType, nodes, edges)),
      metadata: metadata === undefined ? null : encodeJson('metadata', metadata, this.#context.maxValueBytes),
    }
    return this.#context.db.transaction(tx => saveVersion(tx, swarm, () => version))
  }

  /**
   * Saves a new version with one more node, in the form of the type.
   * @throws NotFound when the swarm has no topology, Conflict when it has the node
   */
  async addNode(swarmId: string, node: Node, options: AddNodeOptions = {}): Promise<SwarmTopology> {
    checkTopology.addNode(options)
    const swarm = swarmOf(swarmId, options)
    // By itself first, for what is wrong with it whatever the swarm.
    buildGraph('custom', [node])
    return this.#context.db.transaction(tx =>
      saveVersion(tx, swarm, row => this.#joined(found(row, swarmId), node, options.edges)),
    )
  }

  /**
   * Saves a new version without a node, mended to the form of its type, and logs an event `topology.repaired`: a
   * lost hub is succeeded by the first node left, a ring closes over the gap, children go to their parent's parent
   * (of the root: to its first child), a mesh and a custom graph lose the node's links. Links that are hung over
   * keep their weights. The same happens by itself when an agent lapses or is deleted; one that comes back has
   * to be added again.
   * @throws NotFound when the swarm has no topology, or not this node
   */
  async removeNode(swarmId: string, node: string, options: ChangeNodeOptions = {}): Promise<SwarmTopology> {
    checkTopology.removeNode(options)
    const swarm = swarmOf(swarmId, options)
    checkName('node', node)
    const source = this.#context.agentId ?? 'system'
    return this.#context.db.transaction(async tx => {
      // No other transaction writes it from here on, since nodes are looked for before they are taken out.
      await lockTopologies(tx)
      const { nodes } = fromRow(found(await latest(tx, swarmId), swarmId))
      if (!nodes.some(other => nodeId(other) === node)) throw unknownNode(swarmId, node)
      return repair(tx, swarm, { lost: [node], source })
    })
  }

  /**
   * The latest topology of a swarm, or one version of it; undefined when there is none, or it is kept no
   * more.
   */
  async get(
    swarmId: string,
    options: { version?: number | undefined } = {},
  ): Promise<SwarmTopology | undefined> {
    checkTopology.get(options)
    const id = checkName('swarmId', swarmId)
    const version = options.version === undefined ? undefined : checkInteger('version', options.version, 1)
    const row =
      version === undefined ? await latest(this.#context.db, id) : await this.#ofVersion(id, version)
    return row && fromRow(row)
  }

  /** The latest topology of every swarm, by the swarm's id. */
  async list(options: PageOptions = {}): Promise<Page<SwarmTopology>> {
    checkTopology.list(options)
    const limit = pageLimit(options.limit)
    const [after = ''] = cursorPosition(options.cursor, 1) ?? []
    const rows = await this.#context.db.all<TopologyRow>(
      sql`${swarms(after, limit + 1)}
          select ${columns} from swarm_topology
          where ${this.#context.db.dialect.inQuery(sql`id`, latestIds)} order by swarm_id`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.swarm_id] })
  }

  /** The versions of a swarm's topology that are kept, the latest first. */
  async history(swarmId: string, options: PageOptions = {}): Promise<Page<SwarmTopology>> {
    checkTopology.history(options)
    const limit = pageLimit(options.limit)
    const before = cursorPosition(options.cursor, 2)
    const rows = await this.#context.db.all<TopologyRow>(
      sql`select ${columns} from swarm_topology where swarm_id = ${checkName('swarmId', swarmId)}
            and ${before === undefined ? sql`1 = 1` : sql`(version, id) < (${before[0]}, ${before[1]})`}
          order by version desc, id desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.version, row.id] })
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
    checkName('swarmId', swarmId)
    return this.#context.db.transaction(async tx => {
      // Else it might pass by a version that is being saved.
      await lockTopologies(tx)
      const rows = await tx.all(sql`delete from swarm_topology where swarm_id = ${swarmId} returning id`)
      return rows.length > 0
    })
  }

  async #latest(swarmId: string): Promise<SwarmTopology> {
    const id = checkName('swarmId', swarmId)
    return fromRow(found(await latest(this.#context.db, id), id))
  }

  async #ofVersion(swarmId: string, version: number): Promise<TopologyRow | undefined> {
    const [row] = await this.#context.db.all<TopologyRow>(
      sql`select ${columns} from swarm_topology where swarm_id = ${swarmId} and version = ${version}
          order by id desc limit 1`,
    )
    return row
  }

  #joined(row: TopologyRow, node: Node, edges: readonly NewEdge[] | undefined): NewVersion {
    const graph = fromRow(row)
    const { swarmId, topologyType } = graph
    const id = nodeId(node)
    if (graph.nodes.some(other => nodeId(other) === id)) {
      throw new Conflict(`swarm ${describe(swarmId)} has node ${describe(id)} already`, {
        details: { swarmId, node: id, version: row.version },
      })
    }
    const joined =
      edges === undefined
        ? withNode(topologyType, graph, node)
        : { nodes: [...graph.nodes, node], edges: [...graph.edges, ...edges] }
    const checked = buildGraph(topologyType, joined.nodes, joined.edges)
    return { ...this.#encode(topologyType, checked), metadata: row.metadata }
  }

  #encode(type: TopologyType, { nodes, edges }: Graph): Omit<NewVersion, 'metadata'> {
    const { maxValueBytes } = this.#context
    return {
      type,
      nodes: encodeJson('nodes', nodes, maxValueBytes),
      edges: encodeJson('edges', edges, maxValueBytes),
    }
  }
}

function swarmOf(swarmId: string, { expectedVersion }: ChangeNodeOptions) {
  return {
    swarmId: checkName('swarmId', swarmId),
    expected: expectedVersion === undefined ? undefined : checkInteger('expectedVersion', expectedVersion, 0),
  }
}

function unknownNode(swarmId: string, node: string): NotFound {
  return new NotFound(`swarm ${describe(swarmId)} has no node ${describe(node)}`, {
    details: { swarmId, node },
  })
}
