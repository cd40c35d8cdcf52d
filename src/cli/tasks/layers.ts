import type { TaskGraph } from '../../tasks/task-graph.ts'

/**
 * The layer of each task: 0 when it waits for none, else one more than the highest of those that it waits for.
 * Tasks in a cycle, which only plain SQL can make, have none.
 */
export function layersOf({ nodes, edges }: TaskGraph): Map<string, number> {
  const below = Map.groupBy(edges, edge => edge.from)
  const open = new Map(nodes.map(({ id }) => [id, 0]))
  for (const { to } of edges) open.set(to, (open.get(to) ?? 0) + 1)
  let layer = nodes.map(node => node.id).filter(id => open.get(id) === 0)
  const layers = new Map<string, number>()
  for (let depth = 0; layer.length > 0; depth++) {
    const next: string[] = []
    for (const id of layer) {
      layers.set(id, depth)
      for (const { to } of below.get(id) ?? []) {
        const left = (open.get(to) ?? 0) - 1
        open.set(to, left)
        if (left === 0) next.push(to)
      }
    }
    layer = next
  }
  return layers
}
