import { InvalidInput } from '../errors.ts'
import { checkName, checkNumber, checkOneOf, describe } from '../util/check.ts'
import type { Edge, Graph, Node } from './node-graph.ts'
import { checkShape, defaultEdges, type TopologyType, topologyTypes } from './shapes.ts'

/** A link as it may be written: `['a', 'b']` is short for `{ from: 'a', to: 'b' }`. */
export type NewEdge = Edge | readonly [from: string, to: string]

const maxNodes = 10_000
const maxEdges = 100_000

/**
 * The graph of a topology: its edges in their long form, or made by the type when left out. InvalidInput
 * names the node, edge or limit at fault.
 */
export function buildGraph(type: TopologyType, nodes: readonly Node[], edges?: readonly NewEdge[]): Graph {
  checkOneOf('topologyType', type, topologyTypes)
  const ids = checkNodes(nodes)
  if (edges === undefined) return { nodes, edges: makeEdges(type, ids) }
  const checked = checkEdges(edges, new Set(ids))
  checkShape(type, ids, checked)
  return { nodes, edges: checked }
}

/** A link in its long form. */
export function toEdge(edge: NewEdge): Edge {
  return isPair(edge) ? { from: edge[0], to: edge[1] } : edge
}

/** Array.isArray alone does not narrow to a readonly tuple. */
function isPair(edge: NewEdge): edge is readonly [string, string] {
  return Array.isArray(edge)
}

function makeEdges(type: TopologyType, ids: readonly string[]): Edge[] {
  const pairs = (ids.length * (ids.length - 1)) / 2
  if (type !== 'mesh' || pairs <= maxEdges) return defaultEdges(type, ids)
  throw new InvalidInput(`a mesh of ${ids.length} nodes has ${pairs} edges; the limit is ${maxEdges}`)
}

/** The ids of the nodes, in their order. */
function checkNodes(nodes: readonly Node[]): string[] {
  checkArray('nodes', nodes, maxNodes)
  const ids = new Set<string>()
  for (const [i, node] of nodes.entries()) {
    const id = checkName(`nodes[${i}]`, typeof node === 'object' ? node?.id : node)
    if (ids.has(id)) throw new InvalidInput(`node ${describe(id)} is there twice`)
    ids.add(id)
  }
  return [...ids]
}

function checkEdges(edges: readonly NewEdge[], ids: ReadonlySet<string>): Edge[] {
  checkArray('edges', edges, maxEdges)
  return edges.map((edge, i) => {
    const what = `edges[${i}]`
    if (typeof edge !== 'object' || edge === null) {
      throw new InvalidInput(`${what} must be { from, to } or [from, to], got ${describe(edge)}`)
    }
    return checkEdge(what, toEdge(edge), ids)
  })
}

function checkEdge(what: string, edge: Edge, ids: ReadonlySet<string>): Edge {
  for (const end of [edge.from, edge.to]) {
    if (!ids.has(checkName(what, end)))
      throw new InvalidInput(`${what} leads to ${describe(end)}, which is no node`)
  }
  if (edge.weight !== undefined) checkNumber(`${what}.weight`, edge.weight, 0, Number.MAX_SAFE_INTEGER)
  return edge
}

function checkArray(what: string, value: unknown, maxCount: number): void {
  if (!Array.isArray(value)) throw new InvalidInput(`${what} must be an array, got ${describe(value)}`)
  if (value.length > maxCount)
    throw new InvalidInput(`there are ${value.length} ${what}; the limit is ${maxCount}`)
}
