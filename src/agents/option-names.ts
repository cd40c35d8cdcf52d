import { redactNames } from '../db/history/redact.ts'
import { type Names, optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Agent } from './agent.ts'
import type { Agents } from './agents.ts'

/** A whole agent may be passed for its incarnation. */
export const acting: Names<keyof Agent> = {
  id: true,
  type: true,
  capabilities: true,
  state: true,
  swarmId: true,
  metadata: true,
  incarnation: true,
  createdAt: true,
  lastActive: true,
  ttl: true,
  alive: true,
}

/** Refuses what a method does not know. */
export const checkAgents = optionChecks<Agents>('agents', {
  register: {
    id: true,
    type: true,
    capabilities: true,
    swarmId: true,
    state: true,
    metadata: true,
    ttl: true,
  },
  heartbeat: acting,
  release: acting,
  list: { swarmId: true, type: true, capabilities: true, alive: true, ...page },
  update: { state: true, metadata: true, capabilities: true },
  delete: { cascade: true },
  connect: { id: true, connection: true },
  disconnect: { id: true, connection: true },
  holders: { kind: true, name: true },
  watch: { swarmId: true, since: true, signal: true },
  listMemory: { glob: true, ...page },
  memoryHistory: page,
  revertMemory: { revision: true },
  redactMemory: redactNames,
})
