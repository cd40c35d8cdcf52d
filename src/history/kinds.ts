import type { VersionedTable } from '../db/history/versioned.ts'

/** What has a history, as `find` calls it too. */
export const kinds = ['memory', 'agent_memory', 'patterns'] as const

export type Kind = (typeof kinds)[number]

/** A record of any kind. */
export type ChangedRecord =
  | { in: 'memory'; namespace: string; key: string }
  | { in: 'agent_memory'; agentId: string; key: string }
  | { in: 'patterns'; id: string }

export const tableOf: Readonly<Record<Kind, VersionedTable>> = {
  memory: 'memory_store',
  agent_memory: 'agent_memory',
  patterns: 'patterns',
}

/** A record by its key, in the order of its table's. */
export function recordOf(kind: Kind, [first = '', second = '']: readonly string[]): ChangedRecord {
  switch (kind) {
    case 'memory':
      return { in: kind, namespace: first, key: second }
    case 'agent_memory':
      return { in: kind, agentId: first, key: second }
    case 'patterns':
      return { in: kind, id: first }
  }
}
