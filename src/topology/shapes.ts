import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { components, type Edge } from './node-graph.ts'

/**
 * What form the links must have. `star`: all go through one hub. `ring`: one circle. `mesh`: every pair is
 * linked. `hierarchical`: a tree, each link going from parent to child. `custom`: any.
 */
export type TopologyType = (typeof topologyTypes)[number]
export const topologyTypes = ['star', 'ring', 'mesh', 'hierarchical', 'custom'] as const

interface Shape {
  /** The nodes that the i-th is linked to when no edges are given. */
  next(ids: readonly string[], i: number): readonly string[]
  /** Throws when the edges have another form. No pair is linked twice, and no node to itself. */
  check(ids: readonly string[], edges: readonly Edge[]): void
}

const shapes: Record<TopologyType, Shape> = {
  star: { next: (ids, i) => (i === 0 ? ids.slice(1) : []), check: checkStar },
  ring: { next: nextInRing, check: checkRing },
  mesh: { next: (ids, i) => ids.slice(i + 1), check: checkMesh },
  hierarchical: { next: (ids, i) => ids.slice(2 * i + 1, 2 * i + 3), check: checkTree },
  custom: { next: () => [], check: () => {} },
}

/**
 * The edges that a type makes by itself: a star around the first node, a ring in the order given, all pairs
 * of a mesh, for `hierarchical` a binary tree in level order with the first node as its root, none for
 * `custom`.
 */
export function defaultEdges(type: TopologyType, ids: readonly string[]): Edge[] {
  return ids.flatMap((from, i) => shapes[type].next(ids, i).map(to => ({ from, to })))
}

/** Throws InvalidInput that names a node at fault when the edges do not have the form of the type. */
export function checkShape(type: TopologyType, ids: readonly string[], edges: readonly Edge[]): void {
  if (type !== 'custom') checkPairs(type, edges)
  shapes[type].check(ids, edges)
}

function checkPairs(type: TopologyType, edges: readonly Edge[]): void {
  const seen = new Set<string>()
  for (const { from, to } of edges) {
    const pair = JSON.stringify([from, to].sort())
    if (from === to) throw misshapen(type, `node ${describe(from)} is linked to itself`)
    if (seen.has(pair)) throw misshapen(type, `nodes ${describe(from)} and ${describe(to)} are linked twice`)
    seen.add(pair)
  }
}

/** The node of a star that all links go through: the one with the most, of two the first; '' without nodes. */
export function hubOf(ids: readonly string[], edges: readonly Edge[]): string {
  const degree = degrees(ids, edges)
  return ids.reduce((most, id) => ((degree.get(id) ?? 0) > (degree.get(most) ?? 0) ? id : most), ids[0] ?? '')
}

function checkStar(ids: readonly string[], edges: readonly Edge[]): void {
  const degree = degrees(ids, edges)
  const hub = hubOf(ids, edges)
  const past = edges.find(({ from, to }) => from !== hub && to !== hub)
  if (past !== undefined) {
    const pair = `${describe(past.from)} and ${describe(past.to)}`
    throw misshapen('star', `nodes ${pair} are linked directly, not through the hub ${describe(hub)}`)
  }
  const lone = ids.find(id => id !== hub && degree.get(id) === 0)
  if (lone !== undefined)
    throw misshapen('star', `node ${describe(lone)} is not linked to the hub ${describe(hub)}`)
}

function nextInRing(ids: readonly string[], i: number): readonly string[] {
  const closes = i === ids.length - 1 && ids.length > 2
  return closes ? ids.slice(0, 1) : ids.slice(i + 1, i + 2)
}

/** One node makes a ring without links, two one with a single link. */
function checkRing(ids: readonly string[], edges: readonly Edge[]): void {
  const wanted = Math.min(2, ids.length - 1)
  for (const [id, degree] of degrees(ids, edges)) {
    if (degree === wanted) continue
    throw misshapen(
      'ring',
      `node ${describe(id)} has ${count(degree)}; in a ring of ${ids.length} each has ${wanted}`,
    )
  }
  const [first, other] = components({ nodes: ids, edges })
  if (other === undefined) return
  throw misshapen('ring', `node ${describe(other[0])} is in another circle than ${describe(first?.[0])}`)
}

function checkMesh(ids: readonly string[], edges: readonly Edge[]): void {
  const lacking = [...degrees(ids, edges)].find(([, degree]) => degree < ids.length - 1)
  if (lacking === undefined) return
  const [id, degree] = lacking
  const linked = new Set(edges.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : [])))
  const missing = ids.find(other => other !== id && !linked.has(other))
  const wanted = `in a mesh of ${ids.length} each has ${ids.length - 1}`
  throw misshapen(
    'mesh',
    `node ${describe(id)} has ${count(degree)} and lacks one to ${describe(missing)}; ${wanted}`,
  )
}

function checkTree(ids: readonly string[], edges: readonly Edge[]): void {
  const parents = new Map<string, string>()
  for (const { from, to } of edges) {
    const parent = parents.get(to)
    if (parent !== undefined) {
      throw misshapen(
        'hierarchical',
        `node ${describe(to)} has two parents, ${describe(parent)} and ${describe(from)}`,
      )
    }
    parents.set(to, from)
  }
  checkRoot(ids, edges, parents)
}

function checkRoot(
  ids: readonly string[],
  edges: readonly Edge[],
  parents: ReadonlyMap<string, string>,
): void {
  const [root, second] = ids.filter(id => !parents.has(id))
  if (second !== undefined) {
    throw misshapen('hierarchical', `nodes ${describe(root)} and ${describe(second)} both have no parent`)
  }
  const astray = components({ nodes: ids, edges }).find(part => root === undefined || !part.includes(root))
  if (astray === undefined) return
  // Each of these has a parent among them, so as many steps up as there are nodes end on the circle.
  const onCircle = astray.reduce((node, _) => parents.get(node) ?? node, astray[0] ?? '')
  throw misshapen('hierarchical', `node ${describe(onCircle)} is its own ancestor`)
}

/** How many links each node has. */
export function degrees(ids: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const degree = new Map(ids.map(id => [id, 0]))
  for (const end of edges.flatMap(({ from, to }) => [from, to])) degree.set(end, (degree.get(end) ?? 0) + 1)
  return degree
}

function count(links: number): string {
  return `${links} ${links === 1 ? 'link' : 'links'}`
}

function misshapen(type: TopologyType, message: string): InvalidInput {
  return new InvalidInput(`no ${type}: ${message}`, {
    hint: 'Mend the edges, leave them out, or use type custom.',
  })
}
