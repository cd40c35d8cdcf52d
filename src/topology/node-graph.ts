import { NotFound } from '../errors.ts'
import { describe } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { Heap } from './heap.ts'

/** A member of a swarm: its id, or an object with the id and whatever else is worth keeping. */
export type Node = string | { id: string; [field: string]: Json }

/** A link between two nodes, to be used both ways. */
export interface Edge {
  from: string
  to: string
  /** What going this way costs, 0 or more. Default 1. */
  weight?: number
  [field: string]: Json | undefined
}

/** Nodes and the links between them. */
export interface Graph {
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

/** Where each node's links lead, in the order of the nodes, and what the cheapest link there costs. */
type Links = Map<string, Map<string, number>>

/** The id of a node, however it is written. */
export function nodeId(node: Node): string {
  return typeof node === 'string' ? node : node.id
}

/**
 * The nodes that a node is linked to, in the order of the nodes. NotFound when the node is none of the graph.
 */
export function neighbors(graph: Graph, node: string): string[] {
  const links = linksOf(graph)
  const own = linksFrom(links, node)
  return [...links.keys()].filter(id => own.has(id))
}

/**
 * The nodes of a way of least total weight (Dijkstra), both ends included, or undefined when there is none.
 * NotFound when an end is not a node of the graph.
 */
export function shortestPath(graph: Graph, from: string, to: string): string[] | undefined {
  const links = linksOf(graph)
  for (const end of [from, to]) linksFrom(links, end)
  const cost = new Map([[from, 0]])
  const previous = new Map<string, string>()
  const open = new Heap<string>()
  open.push(0, from)
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return walkBack(previous, to)
    for (const [next, weight] of linksFrom(links, node)) {
      const nextCost = (cost.get(node) ?? 0) + weight
      if (nextCost >= (cost.get(next) ?? Number.POSITIVE_INFINITY)) continue
      cost.set(next, nextCost)
      previous.set(next, node)
      open.push(nextCost, next)
    }
  }
  return undefined
}

/**
 * The parts of the graph that no link joins, each in the order of the nodes, and they by their first node.
 */
export function components(graph: Graph): string[][] {
  const links = linksOf(graph)
  const first = new Map<string, string>()
  for (const node of links.keys()) if (!first.has(node)) spread(links, node, first)
  return [...Map.groupBy(links.keys(), node => first.get(node)).values()]
}

/** Notes for everything that can be reached from `start` that it belongs to the part of `start`. */
function spread(links: Links, start: string, first: Map<string, string>): void {
  const open = [start]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (first.has(node)) continue
    first.set(node, start)
    open.push(...linksFrom(links, node).keys())
  }
}

function walkBack(previous: Map<string, string>, to: string): string[] {
  const path: string[] = []
  for (let node: string | undefined = to; node !== undefined; node = previous.get(node)) path.push(node)
  return path.reverse()
}

function linksOf({ nodes, edges }: Graph): Links {
  const links: Links = new Map(nodes.map(node => [nodeId(node), new Map()]))
  for (const { from, to, weight = 1 } of edges) {
    addLink(links, { from, to, weight })
    addLink(links, { from: to, to: from, weight })
  }
  return links
}

function addLink(links: Links, { from, to, weight }: { from: string; to: string; weight: number }): void {
  const own = links.get(from)
  if (links.has(to)) own?.set(to, Math.min(weight, own.get(to) ?? weight))
}

function linksFrom(links: Links, node: string): Map<string, number> {
  const found = links.get(node)
  if (found !== undefined) return found
  throw new NotFound(`the swarm has no node ${describe(node)}`, { details: { node } })
}
