import type { View } from '../view.ts'
import type { SwarmTopology } from './versions.ts'

export const topologyView: View<SwarmTopology> = {
  columns: ['swarmId', 'topologyType', ['size', size], 'version', 'createdAt'],
  rest: 'swarmId',
  fields: ['swarmId', 'topologyType', 'nodes', 'edges', 'metadata', 'version', 'createdAt', 'author'],
}

function size({ nodes, edges }: SwarmTopology): string {
  return `${nodes.length} nodes, ${edges.length} edges`
}
