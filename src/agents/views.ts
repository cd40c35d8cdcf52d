import { changeOf } from '../db/history/version.ts'
import type { View } from '../view.ts'
import type { Agent } from './agent.ts'
import type { AgentMemoryRecord, AgentMemoryVersion } from './agent-memory.ts'
import type { LapsedAgent } from './holdings.ts'

export const agentView: View<Agent> = {
  columns: ['id', 'type', ['life', life], 'capabilities', 'swarmId', 'lastActive'],
  rest: 'capabilities',
  fields: [
    'id',
    'type',
    'capabilities',
    'state',
    'swarmId',
    'metadata',
    'incarnation',
    'createdAt',
    'lastActive',
    'ttl',
    'alive',
  ],
}

/** `alive`, `gone` since its ttl ran out, or `no ttl` of one that never counts as gone. */
function life({ alive, ttl }: Agent): string {
  if (ttl === undefined) return 'no ttl'
  return alive ? 'alive' : 'gone'
}

export const lapsedAgentView: View<LapsedAgent> = {
  columns: ['id', 'tasks', 'locks', 'leases', 'groups', 'workflows'],
  rest: 'tasks',
  fields: ['id', 'incarnation', 'swarmId', 'tasks', 'locks', 'leases', 'groups', 'workflows', 'topologies'],
}

export const agentMemoryView: View<AgentMemoryRecord> = {
  columns: ['key', 'value', 'updatedAt', 'author'],
  rest: 'value',
  fields: ['agentId', 'key', 'value', 'createdAt', 'updatedAt', 'revision', 'author'],
}

export const agentMemoryVersionView: View<AgentMemoryVersion> = {
  columns: ['revision', ['change', changeOf], 'value', 'updatedAt', 'author', 'redacted'],
  rest: 'value',
  fields: ['agentId', 'key', 'value', 'revision', 'deleted', 'author', 'updatedAt', 'redacted'],
}
