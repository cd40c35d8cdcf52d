import type { ChangedRecord } from '../../history/history.ts'

/** Where a record is. A pattern is named by its id. */
export function placeOf(record: ChangedRecord) {
  const { in: kind } = record
  switch (kind) {
    case 'memory':
      return { key: record.key, in: kind, namespace: record.namespace, agentId: undefined }
    case 'agent_memory':
      return { key: record.key, in: kind, namespace: undefined, agentId: record.agentId }
    case 'patterns':
      return { key: record.id, in: kind, namespace: undefined, agentId: undefined }
  }
}
