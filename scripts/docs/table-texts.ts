/** What each documented table holds; the other tables are internal. */
export const tableTexts: Readonly<Record<string, string>> = {
  memory_store: 'Values under a key and a namespace: `memory.store`, `memory.retrieve`, `memory.kv`.',
  sessions: 'Data that outlives a conversation: `memory.sessions`.',
  agents: 'Who takes part, with its capabilities and its last sign of life: `memory.agents`.',
  tasks: 'Work to be done, being done and done: `memory.tasks`.',
  agent_memory: 'What an agent keeps for itself: `memory.agents.storeMemory`.',
  shared_state: 'Versioned values that all agents see change: `memory.shared`.',
  events: 'What happened, in the order in which it was committed: `memory.events`.',
  patterns: 'What worked before, and how far to trust it: `memory.patterns`.',
  performance_metrics: 'Measurements: `memory.metrics`.',
  workflow_state: 'Where each workflow stands: `memory.workflows`.',
  swarm_topology: 'Who is linked to whom, by version: `memory.topology`.',
  consensus_state: 'Proposals and what was decided: `memory.consensus`.',
}
