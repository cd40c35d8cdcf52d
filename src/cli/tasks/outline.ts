import type { TaskGraph } from '../../tasks/task-graph.ts'
import { layersOf } from './layers.ts'

type Node = TaskGraph['nodes'][number]
type Edge = TaskGraph['edges'][number]

/** A line of an outline: a task, or a reference to where the task itself is. */
export interface OutlineLine {
  /** The branches that lead to it: `│  └─ `. */
  readonly branch: string
  readonly node: Node
  readonly shown: 'here' | 'above' | 'below'
  /** From the task it is listed under. */
  readonly edge: Edge | undefined
  /** The ids of the other tasks that it waits for, or has waited for. */
  readonly others: readonly string[]
}

/** Deeper branches would leave no room for words: what follows begins anew at the margin. */
const defaultMaxDepth = 12

/**
 * The graph as an outline: under each task those that wait for it. A task that waits for several is listed in full
 * under the last of them that can be done, and under the others as a reference.
 */
export function outline(graph: TaskGraph, maxDepth = defaultMaxDepth): OutlineLine[] {
  return new Outliner(graph, maxDepth).run()
}

class Outliner {
  readonly #nodes: ReadonlyMap<string, Node>
  readonly #maxDepth: number
  readonly #below: ReadonlyMap<string, readonly Edge[]>
  readonly #above: ReadonlyMap<string, readonly Edge[]>
  readonly #layers: ReadonlyMap<string, number>
  readonly #shown = new Set<string>()
  readonly #lines: OutlineLine[] = []
  /** Tasks that begin at the margin. */
  readonly #margin: Node[]

  constructor(graph: TaskGraph, maxDepth: number) {
    const { nodes, edges } = graph
    this.#nodes = new Map(nodes.map(node => [node.id, node]))
    this.#maxDepth = maxDepth
    this.#below = Map.groupBy(edges, edge => edge.from)
    this.#above = Map.groupBy(edges, edge => edge.to)
    this.#layers = layersOf(graph)
    this.#margin = nodes.filter(node => !this.#above.has(node.id))
  }

  run(): OutlineLine[] {
    // The list grows while it is gone through.
    for (const node of this.#margin) this.#begin(node)
    // Only rows that plain SQL wrote can depend on each other in a cycle, which has no first task.
    for (const node of this.#nodes.values()) this.#begin(node)
    return this.#lines
  }

  #begin(node: Node): void {
    if (!this.#shown.has(node.id)) this.#visit(node, { here: '', further: '', depth: 0 }, undefined)
  }

  #visit(node: Node, place: Place, edge: Edge | undefined): void {
    const below = this.#below.get(node.id) ?? []
    const above = this.#above.get(node.id) ?? []
    const shown = this.#placeOf(node, place, edge)
    const others = above.filter(other => other !== edge).map(other => other.from)
    this.#lines.push({ branch: place.here, node, shown, edge, others })
    if (shown !== 'here') return
    this.#shown.add(node.id)
    below.forEach((next, i) => {
      const child = this.#nodes.get(next.to)
      if (child !== undefined) this.#visit(child, inside(place, i === below.length - 1), next)
    })
  }

  #placeOf(node: Node, { depth }: Place, edge: Edge | undefined): OutlineLine['shown'] {
    if (this.#shown.has(node.id)) return 'above'
    if (edge === undefined) return 'here'
    if (this.#home(node.id) !== edge) return 'below'
    if (depth < this.#maxDepth || !this.#below.has(node.id)) return 'here'
    this.#margin.push(node)
    return 'below'
  }

  /** The edge under which a task is listed in full: from the highest layer, so that most it waits for is above it. */
  #home(id: string): Edge | undefined {
    const edges = this.#above.get(id) ?? []
    const layer = (edge: Edge) => this.#layers.get(edge.from) ?? -1
    return edges.reduce<Edge | undefined>(
      (best, edge) => (best === undefined || layer(edge) > layer(best) ? edge : best),
      undefined,
    )
  }
}

/** Where a line stands: its own branches, and those of the lines under it. */
interface Place {
  readonly here: string
  readonly further: string
  readonly depth: number
}

function inside({ further, depth }: Place, isLast: boolean): Place {
  return {
    here: further + (isLast ? '└─ ' : '├─ '),
    further: further + (isLast ? '   ' : '│  '),
    depth: depth + 1,
  }
}
