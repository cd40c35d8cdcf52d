import { isDamaged } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { appendEvents } from '../db/outbox.ts'
import { join, sql } from '../db/sql.ts'
import { encodeJson, maxMaxValueBytes } from '../util/json.ts'
import { components, nodeId } from './node-graph.ts'
import { centerOf, withoutNodes } from './repair.ts'
import { type TopologyType, topologyTypes } from './shapes.ts'
import {
  fromRow,
  latest,
  latestIds,
  lockTopologies,
  type NewVersion,
  type SwarmTopology,
  saveVersion,
  swarms,
  type TopologyRow,
  type VersionOf,
} from './versions.ts'

/** A topology that lost nodes, and was mended. */
export interface RepairedTopology {
  swarmId: string
  version: number
  lost: string[]
}

/**
 * Within `tx`, takes nodes out of the latest topology of every swarm that has them: each gets one new version, in
 * the form of its type, and one event `topology.repaired`, however many of its nodes are lost at once.
 * @param source who took them out, for the events
 */
export async function loseNodes(
  tx: Db,
  lost: readonly string[],
  source: string,
): Promise<RepairedTopology[]> {
  await lockTopologies(tx)
  const repaired: RepairedTopology[] = []
  for (const swarmId of await candidates(tx, lost)) {
    const row = await latest(tx, swarmId)
    // Of a damaged one nothing is known, and what the agents hold besides is not to wait for it.
    if (row === undefined || isDamaged('swarm_topology', row)) continue
    const members = new Set(fromRow(row).nodes.map(nodeId))
    const gone = lost.filter(id => members.has(id))
    if (gone.length === 0) continue
    const { version } = await repair(tx, { swarmId }, { lost: gone, source })
    repaired.push({ swarmId, version, lost: gone })
  }
  return repaired
}

/** Within `tx`, saves a topology without nodes that it has, and logs one event `topology.repaired`. */
export async function repair(
  tx: Db,
  swarm: VersionOf,
  { lost, source }: { lost: readonly string[]; source: string },
): Promise<SwarmTopology> {
  const saved = await saveVersion(tx, swarm, row => without(row, lost))
  const { swarmId, version, topologyType } = saved
  const data = {
    swarmId,
    version,
    topologyType,
    lost: [...lost],
    center: centerOf(topologyType, saved) ?? null,
    componentCount: components(saved).length,
  }
  await appendEvents(tx, [{ type: 'topology.repaired', source, data }])
  return saved
}

function without(row: TopologyRow | undefined, lost: readonly string[]): NewVersion {
  if (row === undefined) throw new Error('a topology that was just read is gone')
  const type = typeOf(row)
  const graph = withoutNodes(type, fromRow(row), lost)
  return {
    type: row.topology_type,
    // Less than what was accepted before: its size does not refuse it.
    nodes: encodeJson('nodes', graph.nodes, maxMaxValueBytes),
    edges: encodeJson('edges', graph.edges, maxMaxValueBytes),
    metadata: row.metadata,
  }
}

/** A type that a foreign writer made up asks for no form. */
function typeOf({ topology_type }: TopologyRow): TopologyType {
  return topologyTypes.find(type => type === topology_type) ?? 'custom'
}

/** The swarms whose latest topology names one of the nodes; as what, only reading it shows. */
async function candidates(tx: Db, lost: readonly string[]): Promise<string[]> {
  const named = lost.map(id => sql`replace(nodes, ${JSON.stringify(id)}, '') <> nodes`)
  const rows = await tx.all<Pick<TopologyRow, 'swarm_id'>>(
    sql`${swarms('')}
        select swarm_id from swarm_topology
        where ${tx.dialect.inQuery(sql`id`, latestIds)} and (${join(named, ' or ')})
        order by swarm_id`,
  )
  return rows.map(row => row.swarm_id)
}
