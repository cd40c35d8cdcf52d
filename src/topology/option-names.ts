import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Topology } from './topology.ts'

/** Refuses what a method does not know. */
export const checkTopology = optionChecks<Topology>('topology', {
  save: {
    swarmId: true,
    topologyType: true,
    nodes: true,
    edges: true,
    metadata: true,
    expectedVersion: true,
  },
  addNode: { edges: true, expectedVersion: true },
  removeNode: { expectedVersion: true },
  get: { version: true },
  list: page,
  history: page,
})
