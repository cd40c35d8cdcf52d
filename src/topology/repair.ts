import { type Edge, type Graph, type Node, nodeId } from './node-graph.ts'
import { degrees, hubOf, type TopologyType } from './shapes.ts'

/** What a topology becomes when a node is lost or joins. A graph that is valid for its type stays so. */

/**
 * The graph without a node. The links of what was lost are hung over to its heir, with their weights and other
 * fields: of a star's hub that is the first node left; of a node in a tree its parent, of the root its first
 * child; of a node in a ring the neighbour on the other side, so that the gap closes. Other nodes have none, and
 * neither has a node of a mesh or of a custom graph: their links are dropped.
 */
function withoutNode(type: TopologyType, { nodes, edges }: Graph, lost: string): Graph {
  const left = nodes.filter(node => nodeId(node) !== lost)
  const heir = heirs[type](left.map(nodeId), edges, lost)
  return { nodes: left, edges: heir === undefined ? edges.filter(isNotOf(lost)) : inherit(edges, lost, heir) }
}

/**
 * The graph without any of these nodes, as if they were lost one after the other: first those with one link at
 * most, which leave none to hang over. They go together, so that a swarm of thousands can lapse in a moment.
 */
export function withoutNodes(type: TopologyType, graph: Graph, lost: readonly string[]): Graph {
  const links = degrees(graph.nodes.map(nodeId), graph.edges)
  const isAlone = (id: string) => type === 'mesh' || type === 'custom' || (links.get(id) ?? 0) <= 1
  const others = lost.filter(id => !isAlone(id))
  return others.reduce((left, id) => withoutNode(type, left, id), cut(graph, new Set(lost.filter(isAlone))))
}

/** The graph without nodes and their links. */
function cut({ nodes, edges }: Graph, lost: ReadonlySet<string>): Graph {
  return {
    nodes: nodes.filter(node => !lost.has(nodeId(node))),
    edges: edges.filter(({ from, to }) => !lost.has(from) && !lost.has(to)),
  }
}

/** The links that a type asks for when a node joins, among those that are there; none for `custom`. */
export function withNode(type: TopologyType, { nodes, edges }: Graph, node: Node): Graph {
  return { nodes: [...nodes, node], edges: joins[type](nodes.map(nodeId), edges, nodeId(node)) }
}

/** The hub of a star or the root of a tree; undefined for the other types, and without nodes. */
export function centerOf(type: TopologyType, { nodes, edges }: Graph): string | undefined {
  const ids = nodes.map(nodeId)
  if (type === 'star') return hubOf(ids, edges) || undefined
  if (type !== 'hierarchical') return undefined
  const children = new Set(edges.map(edge => edge.to))
  return ids.find(id => !children.has(id))
}

type Heir = (left: readonly string[], edges: readonly Edge[], lost: string) => string | undefined

const heirs: Record<TopologyType, Heir> = {
  star: (left, edges, lost) => (hubOf([lost, ...left], edges) === lost ? left[0] : undefined),
  ring: (_, edges, lost) => {
    const link = edges.find(edge => !isNotOf(lost)(edge))
    return link && (link.from === lost ? link.to : link.from)
  },
  mesh: () => undefined,
  hierarchical: (left, edges, lost) => {
    const children = new Set(edges.filter(edge => edge.from === lost).map(edge => edge.to))
    return edges.find(edge => edge.to === lost)?.from ?? left.find(id => children.has(id))
  },
  custom: () => undefined,
}

function isNotOf(lost: string): (edge: Edge) => boolean {
  return ({ from, to }) => from !== lost && to !== lost
}

/** The links with `heir` in the place of `lost`, but none to itself, and none where a pair is linked already. */
function inherit(edges: readonly Edge[], lost: string, heir: string): Edge[] {
  const linked = new Set(edges.flatMap(({ from, to }) => (from === heir ? [to] : to === heir ? [from] : [])))
  return edges.flatMap(edge => {
    if (isNotOf(lost)(edge)) return [edge]
    const other = edge.from === lost ? edge.to : edge.from
    if (other === heir || linked.has(other)) return []
    return [edge.from === lost ? { ...edge, from: heir } : { ...edge, to: heir }]
  })
}

type Join = (ids: readonly string[], edges: readonly Edge[], node: string) => readonly Edge[]

const joins: Record<TopologyType, Join> = {
  star: (ids, edges, to) => (ids.length === 0 ? [] : [...edges, { from: hubOf(ids, edges), to }]),
  ring: joinRing,
  mesh: (ids, edges, to) => [...edges, ...ids.map(from => ({ from, to }))],
  hierarchical: joinTree,
  custom: (_, edges) => edges,
}

/** The node goes where the circle closes, on its last link. */
function joinRing(ids: readonly string[], edges: readonly Edge[], node: string): readonly Edge[] {
  const [only] = ids
  const last = edges.at(-1)
  if (last === undefined) return only === undefined ? [] : [{ from: only, to: node }]
  // Two nodes share a link that is needed still.
  const back = { from: node, to: ids.length === 2 ? last.from : last.to }
  if (ids.length === 2) return [last, { from: last.to, to: node }, back]
  return [...edges.slice(0, -1), { ...last, to: node }, back]
}

/** The node becomes a child of the first one, level by level, that has fewer than two. */
function joinTree(ids: readonly string[], edges: readonly Edge[], node: string): readonly Edge[] {
  const children = Map.groupBy(edges, edge => edge.from)
  const root = centerOf('hierarchical', { nodes: ids, edges })
  const level = root === undefined ? [] : [root]
  // The list grows while it is read: behind each node come its children.
  for (const from of level) {
    const own = children.get(from) ?? []
    if (own.length < 2) return [...edges, { from, to: node }]
    level.push(...own.map(edge => edge.to))
  }
  return edges
}
